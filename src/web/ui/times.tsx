import { useCallback } from 'react';
import { useTimed } from '../live/clock.ts';
import { agoText, durationText, runningText, wholeTimeText } from '../words/time.ts';

/** How long ago; the whole time is in the tooltip. */
export function Ago({ at }: { readonly at: string }) {
  const text = useTimed(useCallback((now: number) => agoText(now - Date.parse(at)), [at]));
  return (
    <time dateTime={at} title={wholeTimeText(at)}>
      {text}
    </time>
  );
}

type Span = { readonly from: string; readonly to: string | null };

/** How long something took, or takes already. */
export function Took({ from, to }: Span) {
  const text = useTimed(
    useCallback(
      (now: number) =>
        to === null ? runningText(now - Date.parse(from)) : durationText(Date.parse(to) - Date.parse(from)),
      [from, to],
    ),
  );
  return <span className="took">{text}</span>;
}
