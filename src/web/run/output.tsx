import { useEffect, useEffectEvent, useRef, useState } from 'react';
import type { RunBody } from '../../api/schema/run.ts';
import { API } from '../api/client.ts';
import { isAbort } from '../api/problem.ts';
import { ProblemNote } from '../ui/problem-note.tsx';
import { bytesText } from '../words/brief.ts';
import { createOutputReader } from './output-reader.ts';
import { createOutputView } from './output-view.ts';

type Props = {
  readonly run: RunBody;
  /** How many bytes there are, as the events tell. */
  readonly end: number;
};

/** The build's output as it comes. */
export function Output({ run, end }: Props) {
  const step = run.steps.find(({ name }) => name === 'activate');
  if (step === undefined || end === 0) return null;
  return <StepOutput path={`/runs/${run.id}/output?step=${step.index}`} end={end} />;
}

function StepOutput({ path, end }: { readonly path: string; readonly end: number }) {
  const box = useRef<HTMLPreElement>(null);
  const [error, setError] = useState<unknown>();
  const [left, setLeft] = useState(0);
  const readMore = useRef<(() => void) | undefined>(undefined);
  const latestEnd = useEffectEvent(() => end);

  useEffect(() => {
    const gone = new AbortController();
    const view = createOutputView(() => box.current);
    const reader = createOutputReader(path, gone.signal);
    let reading = false;
    readMore.current = () => {
      if (reading) return;
      reading = true;
      setError(undefined);
      reader
        .readTo(latestEnd, (text, skipped) => {
          view.append(text);
          setLeft(skipped);
        })
        .catch((problem: unknown) => {
          if (!isAbort(problem)) setError(problem);
        })
        .finally(() => {
          reading = false;
        });
    };
    readMore.current();
    return () => {
      gone.abort();
      view.clear();
    };
  }, [path]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: more output is the reason to read
  useEffect(() => readMore.current?.(), [end]);

  return (
    <section className="card output" aria-labelledby="output">
      <div className="timeline-head">
        <h2 id="output">Build output</h2>
        <span className="help">{bytesText(end)}</span>
        <a href={API + path} target="_blank" rel="noreferrer">
          As plain text
        </a>
      </div>
      {left === 0 ? null : <p className="help">The first {bytesText(left)} are not shown here.</p>}
      {error === undefined ? null : <ProblemNote error={error} retry={() => readMore.current?.()} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre ref={box} tabIndex={0} role="log" aria-label="Build output" aria-live="off" />
    </section>
  );
}
