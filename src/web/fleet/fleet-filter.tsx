import { useId } from 'react';
import type { FleetMachineBody, StageBody } from '../../api/schema/machine.ts';
import { STAGE_WORDS, STAGES } from '../words/stage.ts';

type Props = {
  /** What the search leaves; the stages count these. */
  readonly machines: readonly FleetMachineBody[];
  readonly search: string;
  readonly onSearch: (text: string) => void;
  readonly stage: StageBody | undefined;
  readonly onStage: (stage: string) => void;
};

/** Search by name or address, and the stages with how many machines are in each. */
export function FleetFilter({ machines, search, onSearch, stage, onStage }: Props) {
  const field = useId();
  const counts = new Map<StageBody, number>();
  for (const machine of machines) counts.set(machine.stage, (counts.get(machine.stage) ?? 0) + 1);
  return (
    <search className="filter">
      <label htmlFor={field}>Search</label>
      <input
        id={field}
        type="search"
        value={search}
        placeholder="Name or address"
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onSearch(event.target.value)}
      />
      <fieldset>
        <legend>Stage</legend>
        <Choice text="All" count={machines.length} pressed={stage === undefined} press={() => onStage('')} />
        {STAGES.map((each) => (
          <Choice
            key={each}
            text={each === 'off' || each === 'unknown' ? each : `${each} ${STAGE_WORDS[each].name}`}
            count={counts.get(each) ?? 0}
            pressed={stage === each}
            press={() => onStage(stage === each ? '' : each)}
          />
        ))}
      </fieldset>
    </search>
  );
}

type ChoiceProps = {
  readonly text: string;
  readonly count: number;
  readonly pressed: boolean;
  readonly press: () => void;
};

function Choice({ text, count, pressed, press }: ChoiceProps) {
  return (
    <button type="button" className={count === 0 ? 'choice none' : 'choice'} aria-pressed={pressed} onClick={press}>
      {text} <span className="count">{count}</span>
    </button>
  );
}
