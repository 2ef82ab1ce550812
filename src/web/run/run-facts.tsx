import type { RunBody } from '../../api/schema/run.ts';
import { machinePath } from '../live/location.ts';
import { Link } from '../ui/link.tsx';
import { Ago, Took } from '../ui/times.tsx';
import { brief } from '../words/brief.ts';

/** Who ordered what for which machine, and how long it takes. */
export function RunFacts({ run }: { readonly run: RunBody }) {
  const { kind: _kind, ...chosen } = run.request;
  const options = Object.keys(chosen).length === 0 ? undefined : brief(chosen);
  return (
    <dl className="run-facts">
      <div>
        <dt>Machine</dt>
        <dd>{run.machine === null ? 'removed' : <Link to={machinePath(run.machine)}>{run.machine}</Link>}</dd>
      </div>
      <div>
        <dt>Duration</dt>
        <dd>{run.startedAt === null ? 'not started' : <Took from={run.startedAt} to={run.endedAt} />}</dd>
      </div>
      <div>
        <dt>Ordered by</dt>
        <dd>
          {run.actor}, <Ago at={run.createdAt} />
        </dd>
      </div>
      {options === undefined ? null : (
        <div>
          <dt>Options</dt>
          <dd>{options}</dd>
        </div>
      )}
      {run.round > 1 ? (
        <div>
          <dt>Round</dt>
          <dd>{run.round}: it went back because nothing was seen in time</dd>
        </div>
      ) : null}
    </dl>
  );
}
