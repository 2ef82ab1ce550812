import type { PageBody } from '../../api/schema/page.ts';
import type { RunBody, RunSummaryBody } from '../../api/schema/run.ts';
import { runPath } from '../live/location.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { Link } from '../ui/link.tsx';
import { ProblemNote } from '../ui/problem-note.tsx';
import { RunState } from '../ui/run-state.tsx';
import { Ago, Took } from '../ui/times.tsx';
import { runTitle } from '../words/run.ts';

type Props = {
  readonly machineId: string;
  readonly run: RunSummaryBody | null;
  readonly lastRun: RunSummaryBody | null;
};

/** The latest runs of a machine; read again when one began or ended. */
export function RecentRuns({ machineId, run, lastRun }: Props) {
  const version = `${run?.id} ${run?.state} ${lastRun?.id}`;
  const { value, error, reload } = useLoaded<PageBody<RunBody>>(`/runs?machine=${machineId}&limit=8`, version);
  return (
    <section className="card" aria-labelledby="recent-runs">
      <h2 id="recent-runs">Recent runs</h2>
      {error === undefined ? null : <ProblemNote error={error} retry={reload} />}
      {value?.items.length === 0 ? <p className="empty">None yet.</p> : null}
      <ul className="runs">
        {value?.items.map((each) => (
          <li key={each.id}>
            <Link to={runPath(each.id)}>{runTitle(each.kind, each.request)}</Link>
            <RunState state={each.state} />
            <span className="since">
              <Ago at={each.createdAt} />
              {each.startedAt === null ? null : (
                <>
                  {', '}
                  <Took from={each.startedAt} to={each.endedAt} />
                </>
              )}
            </span>
            {each.error === null ? null : <span className="why">{each.error.code}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
