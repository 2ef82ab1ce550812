import { useDeferredValue, useEffect, useMemo, useSyncExternalStore } from 'react';
import { useQuery } from '../live/location.ts';
import { useFeed } from '../live/use-feed.ts';
import { LiveStatus } from '../ui/live-status.tsx';
import { ProblemNote } from '../ui/problem-note.tsx';
import { isStage } from '../words/stage.ts';
import { useFleet } from './fleet-context.ts';
import { FleetFilter } from './fleet-filter.tsx';
import { FleetRow } from './fleet-row.tsx';
import '../style/fleet.css';
import '../style/stage.css';

/** All machines with their live stages. */
export function FleetPage() {
  const fleet = useFleet();
  const feed = useFeed('/fleet/feed', fleet.take);
  const machines = useSyncExternalStore(fleet.onShape, fleet.shape);
  const [search, setSearch] = useQuery('q');
  const [stageText, setStage] = useQuery('stage');
  const stage = isStage(stageText) ? stageText : undefined;
  const words = useDeferredValue(search.trim().toLowerCase());

  useEffect(() => {
    document.title = 'Fleet · Bootwright';
  }, []);

  const named = useMemo(
    () =>
      words === '' ? machines : machines.filter(({ name, address }) => name.includes(words) || address.includes(words)),
    [machines, words],
  );
  const shown = stage === undefined ? named : named.filter((machine) => machine.stage === stage);

  return (
    <>
      <div className="page-head">
        <h1>Fleet</h1>
        <LiveStatus feed={feed} />
      </div>
      {feed.status.kind === 'refused' ? <ProblemNote error={feed.status.error} retry={feed.retryNow} /> : null}
      <FleetFilter machines={named} search={search} onSearch={setSearch} stage={stage} onStage={setStage} />
      {shown.length > 0 ? (
        <>
          <div className="fleet-head" aria-hidden="true">
            <span>Machine</span>
            <span>Stage</span>
            <span>Seen</span>
            <span>Run</span>
          </div>
          <ul className="fleet">
            {shown.map(({ id }) => (
              <FleetRow key={id} id={id} />
            ))}
          </ul>
        </>
      ) : (
        <Empty complete={fleet.isComplete()} any={machines.length > 0} />
      )}
    </>
  );
}

function Empty({ complete, any }: { readonly complete: boolean; readonly any: boolean }) {
  if (any) return <p className="empty">No machine matches. Change the search or the stage.</p>;
  if (!complete) return <p className="empty">Reading the fleet…</p>;
  return (
    <div className="empty">
      <p>No machine is declared yet.</p>
      <p>
        Declare one in the configuration file under <code>machines</code>, or with <code>POST /api/v1/machines</code>.
      </p>
    </div>
  );
}
