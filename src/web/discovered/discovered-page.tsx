import { useCallback, useEffect, useState } from 'react';
import type { DiscoveredMachineBody } from '../../api/schema/discovered.ts';
import type { PageBody } from '../../api/schema/page.ts';
import { useQuery } from '../live/location.ts';
import { useSession } from '../live/session.ts';
import { useFeed } from '../live/use-feed.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { LiveStatus } from '../ui/live-status.tsx';
import { ProblemNote } from '../ui/problem-note.tsx';
import { DiscoveredRow } from './discovered-row.tsx';
import '../style/discovered.css';

/** The most that one answer of the API holds. */
const PAGE = 200;

/** Machines that asked to boot and that nobody declared: approved, ignored or forgotten here. */
export function DiscoveredPage() {
  const { permissions } = useSession();
  const [ignored, setIgnored] = useQuery('ignored');
  const [version, setVersion] = useState('');
  const showIgnored = ignored === 'only';
  const path = `/discovered-machines?limit=${PAGE}&ignored=${showIgnored ? 'only' : 'hide'}`;
  const { value, error, reload } = useLoaded<PageBody<DiscoveredMachineBody>>(path, version);
  // The feed tells that the list is another, never the list itself, which a flood makes long.
  const feed = useFeed(
    '/discovered-machines/feed',
    useCallback((event: string, data: unknown) => {
      if (event === 'discovered') setVersion(JSON.stringify(data));
    }, []),
  );

  useEffect(() => {
    document.title = 'Discovered · Bootwright';
  }, []);

  const items = value?.items;
  return (
    <>
      <div className="page-head">
        <h1>Discovered machines</h1>
        <LiveStatus feed={feed} />
      </div>
      <p className="help">
        They asked to boot over the network, and no declared machine has their MAC address. None of them is answered.
        What is shown of them is what they say of themselves.
      </p>
      {error === undefined ? null : <ProblemNote error={error} retry={reload} />}
      <label className="tick">
        <input type="checkbox" checked={showIgnored} onChange={() => setIgnored(showIgnored ? '' : 'only')} /> Show the
        ignored ones
      </label>
      {items === undefined || items.length === 0 ? (
        <p className="empty">{items === undefined ? 'Reading…' : showIgnored ? 'None is ignored.' : 'None so far.'}</p>
      ) : (
        <ul className="rows discovered">
          {items.map((each) => (
            <DiscoveredRow
              key={each.mac}
              machine={each}
              mayWrite={permissions.includes('machine.write')}
              changed={reload}
            />
          ))}
        </ul>
      )}
      {value?.next == null ? null : (
        <p className="help">
          These are the first {PAGE}; the others are in <code>bootwright discovered</code>.
        </p>
      )}
    </>
  );
}
