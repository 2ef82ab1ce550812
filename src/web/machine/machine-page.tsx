import { useEffect, useState } from 'react';
import type { EventBody } from '../../api/schema/event.ts';
import type { FleetMachineBody, MachineBody } from '../../api/schema/machine.ts';
import { createTimelineStore } from '../live/timeline-store.ts';
import { useFeed } from '../live/use-feed.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { Timeline } from '../timeline/timeline.tsx';
import { Link } from '../ui/link.tsx';
import { LiveStatus } from '../ui/live-status.tsx';
import { ProblemNote } from '../ui/problem-note.tsx';
import { StageTrack } from '../ui/stage-track.tsx';
import { Ago } from '../ui/times.tsx';
import { BootAttempts } from './boot-attempts.tsx';
import { Declaration } from './declaration.tsx';
import { Orders } from './orders.tsx';
import { RecentRuns } from './recent-runs.tsx';
import '../style/machine.css';
import '../style/stage.css';

/** After these there is more to read of network boots. */
const BOOT_FACTS: readonly EventBody['type'][] = ['boot.armed', 'boot.disarmed', 'boot.diagnosed', 'boot.recovered'];
/** How much of the past the page begins with; more is there on request. */
const EVENTS_AT_FIRST = 100;

/** One machine: where it is, what can be ordered, how it is declared, its runs and its timeline. */
export function MachinePage({ name }: { readonly name: string }) {
  const [version, setVersion] = useState('');
  const loaded = useLoaded<MachineBody>(`/machines/${encodeURIComponent(name)}`, version);
  useEffect(() => {
    document.title = `${name} · Bootwright`;
  }, [name]);

  const { value: machine, error, reload } = loaded;
  if (machine !== undefined) return <Loaded key={machine.id} machine={machine} redeclared={setVersion} />;
  return (
    <>
      <PageHead name={name} />
      {error === undefined ? <p className="empty">Reading {name}…</p> : <ProblemNote error={error} retry={reload} />}
    </>
  );
}

function PageHead({ name }: { readonly name: string }) {
  return (
    <>
      <nav aria-label="Way here" className="way">
        <Link to="/">Fleet</Link>
      </nav>
      <h1>{name}</h1>
    </>
  );
}

type Props = { readonly machine: MachineBody; readonly redeclared: (version: string) => void };

function Loaded({ machine, redeclared }: Props) {
  const { id, spec } = machine;
  const [timeline] = useState(createTimelineStore);
  const [seen, setSeen] = useState<Seen>(machine);
  const [removed, setRemoved] = useState(false);
  const [booted, setBooted] = useState(0);

  const feed = useFeed(
    `/machines/${id}/feed`,
    (event, data) => {
      if (event === 'machine') {
        if (data !== null) setSeen(data as FleetMachineBody);
      } else if (event === 'end') setRemoved(true);
      else if (event !== 'open') {
        const fact = data as EventBody;
        if (!timeline.add(fact)) return;
        if (fact.type === 'machine.changed') redeclared(String(fact.seq));
        if (BOOT_FACTS.includes(fact.type)) setBooted(fact.seq);
      }
    },
    Math.max(0, machine.lastSeq - EVENTS_AT_FIRST),
  );

  return (
    <>
      <div className="page-head">
        <div>
          <PageHead name={spec.name} />
        </div>
        <LiveStatus feed={feed} />
      </div>
      {removed ? <p className="note">This machine was removed. Its timeline stays readable.</p> : null}
      <p className="now">
        <StageTrack stage={seen.stage} busy={seen.run !== null} />
        {seen.stage === 'unknown' ? null : (
          <span className="since">
            seen <Ago at={seen.stageAt} />
          </span>
        )}
      </p>
      <Orders spec={spec} active={seen.run} removed={removed} />
      <div className="columns">
        <div className="stack">
          <RecentRuns machineId={id} run={seen.run} lastRun={seen.lastRun} />
          <BootAttempts machineId={id} version={`${booted} ${seen.run?.state}`} />
        </div>
        <Declaration spec={spec} source={machine.source} />
      </div>
      <Timeline store={timeline} earlier={`/machines/${id}/events`} heading="Timeline" />
    </>
  );
}

type Seen = Pick<FleetMachineBody, 'stage' | 'stageAt' | 'run' | 'lastRun'>;
