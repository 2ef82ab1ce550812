import { useEffect, useState, useSyncExternalStore } from 'react';
import type { EventBody } from '../../api/schema/event.ts';
import type { RunBody } from '../../api/schema/run.ts';
import { machinePath } from '../live/location.ts';
import { createRunStore } from '../live/run-store.ts';
import { useFeed } from '../live/use-feed.ts';
import { Timeline } from '../timeline/timeline.tsx';
import { Link } from '../ui/link.tsx';
import { LiveStatus } from '../ui/live-status.tsx';
import { ProblemNote } from '../ui/problem-note.tsx';
import { RunState } from '../ui/run-state.tsx';
import { isActive, runTitle } from '../words/run.ts';
import { CancelRun } from './cancel-run.tsx';
import { Output } from './output.tsx';
import { Plan } from './plan.tsx';
import { RunFacts } from './run-facts.tsx';
import { RunFailure } from './run-failure.tsx';
import '../style/run.css';

/** One run, live: how far it is, what it does and, when it failed, why and what can be done. */
export function RunPage({ id }: { readonly id: string }) {
  const [store] = useState(createRunStore);
  const [run, setRun] = useState<RunBody>();
  const feed = useFeed(`/runs/${encodeURIComponent(id)}/feed`, (event, data) => {
    if (event === 'run') setRun(data as RunBody);
    else if (event !== 'open' && event !== 'end') store.take(data as EventBody);
  });
  useSyncExternalStore(store.timeline.onChange, store.timeline.view);
  const title = run === undefined ? 'Run' : runTitle(run.kind, run.request);

  useEffect(() => {
    document.title = `${title} ${run?.machine ?? ''} ${run?.state ?? ''} · Bootwright`;
  }, [title, run?.machine, run?.state]);

  return (
    <>
      <div className="page-head">
        <div>
          <nav aria-label="Way here" className="way">
            <Link to="/">Fleet</Link>
            {run?.machine ? <Link to={machinePath(run.machine)}>{run.machine}</Link> : null}
          </nav>
          <h1>
            {title} {run === undefined ? null : <RunState state={run.state} />}
          </h1>
        </div>
        <LiveStatus feed={feed} />
        {run !== undefined && isActive(run.state) ? <CancelRun run={run} /> : null}
      </div>
      {feed.status.kind === 'refused' ? <ProblemNote error={feed.status.error} /> : null}
      {run === undefined ? (
        <p className="empty">{feed.status.kind === 'refused' ? '' : 'Reading the run…'}</p>
      ) : (
        <>
          <RunFacts run={run} />
          {run.error === null ? null : <RunFailure run={run} error={run.error} />}
          <Plan run={run} times={store.times()} />
          <Output run={run} end={store.outputEnd()} />
          <Timeline
            store={store.timeline}
            earlier={`/runs/${run.id}/events`}
            heading="Timeline"
            whole
            since={Date.parse(run.createdAt)}
          />
        </>
      )}
    </>
  );
}
