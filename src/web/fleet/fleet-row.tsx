import { memo, useCallback, useSyncExternalStore } from 'react';
import type { FleetMachineBody } from '../../api/schema/machine.ts';
import { machinePath, runPath } from '../live/location.ts';
import { Link } from '../ui/link.tsx';
import { RunState } from '../ui/run-state.tsx';
import { StageTrack } from '../ui/stage-track.tsx';
import { Ago, Took } from '../ui/times.tsx';
import { RUN_KIND_WORDS } from '../words/run.ts';
import { useFleet } from './fleet-context.ts';

/** One machine; drawn again only when it changed. */
export const FleetRow = memo(function FleetRow({ id }: { readonly id: string }) {
  const fleet = useFleet();
  const machine = useSyncExternalStore(
    useCallback((hear) => fleet.onMachine(id, hear), [fleet, id]),
    () => fleet.machine(id),
  );
  if (machine === undefined) return null;
  return (
    <li>
      <span className="machine">
        <Link to={machinePath(machine.name)} className="name">
          {machine.name}
        </Link>
        <span className="address">{machine.address}</span>
      </span>
      <StageTrack stage={machine.stage} busy={machine.run !== null} />
      <span className="since">{machine.stage === 'unknown' ? '' : <Ago at={machine.stageAt} />}</span>
      <RunCell machine={machine} />
    </li>
  );
});

function RunCell({ machine: { run, lastRun } }: { readonly machine: FleetMachineBody }) {
  if (run !== null) {
    return (
      <Link to={runPath(run.id)} className="run-cell active">
        <strong>{RUN_KIND_WORDS[run.kind]}</strong>
        <span>{run.step === null ? run.state : `${run.step}, ${run.stepIndex + 1} of ${run.stepCount}`}</span>
        <Took from={run.startedAt ?? run.createdAt} to={null} />
      </Link>
    );
  }
  if (lastRun === null) return <span className="run-cell none">no run yet</span>;
  return (
    <Link to={runPath(lastRun.id)} className="run-cell">
      <span>{RUN_KIND_WORDS[lastRun.kind]}</span>
      <RunState state={lastRun.state} />
      {lastRun.errorCode === null ? null : <span>{lastRun.errorCode}</span>}
      {lastRun.endedAt === null ? null : <Ago at={lastRun.endedAt} />}
    </Link>
  );
}
