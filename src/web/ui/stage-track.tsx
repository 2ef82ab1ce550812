import type { StageBody } from '../../api/schema/machine.ts';
import { STAGE_WORDS, STATIONS, stageText } from '../words/stage.ts';

type Props = { readonly stage: StageBody; readonly busy?: boolean };

/**
 * The way from power-off to the user session as five stations, lit up to where the machine is. Colour never says
 * anything alone: the stage stands beside it in words.
 */
export function StageTrack({ stage, busy = false }: Props) {
  const reached = STATIONS.indexOf(stage);
  return (
    <span className={`stage stage-${stage}${busy ? ' busy' : ''}`} title={STAGE_WORDS[stage].meaning}>
      <span className="stations" aria-hidden="true">
        {STATIONS.map((station, index) => (
          <span key={station} className={index === reached ? 'here' : index < reached ? 'passed' : undefined}>
            {station}
          </span>
        ))}
      </span>
      <span className="stage-name">{stageText(stage)}</span>
    </span>
  );
}
