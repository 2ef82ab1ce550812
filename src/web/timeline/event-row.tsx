import { memo } from 'react';
import type { EventBody } from '../../api/schema/event.ts';
import { eventWords } from '../words/event.ts';
import { isStage, stageText } from '../words/stage.ts';
import { clockText, dayText, wholeTimeText } from '../words/time.ts';

type Props = {
  readonly event: EventBody;
  /** A time of the day whose name stands above this event. */
  readonly day: string | undefined;
  readonly raw: boolean;
  readonly since: number | undefined;
};

/** One event in one line; events never change, so a row is drawn once. */
export const EventRow = memo(function EventRow({ event, day, raw, since }: Props) {
  const { text, detail, tone } = eventWords(event);
  const { at, stage, step, type, source } = event;
  return (
    <>
      {day === undefined ? null : <li className="day">{dayText(day)}</li>}
      <li className={`event tone-${tone}${type === 'step.entered' ? ' begins' : ''}`} data-type={type}>
        <time dateTime={at} title={wholeTimeText(at)}>
          {since === undefined ? clockText(at) : `${((Date.parse(at) - since) / 1000).toFixed(1)} s`}
        </time>
        <span className="step">{step ?? source}</span>
        <span className="what">
          <strong>{text}</strong>
          {detail === undefined ? null : <span className="detail"> {detail}</span>}
          {isStage(stage) ? <span className="proves">{stageText(stage)}</span> : null}
        </span>
        {raw ? (
          <pre>
            {event.seq} {type} {JSON.stringify(event.data, null, 1)}
          </pre>
        ) : null}
      </li>
    </>
  );
});
