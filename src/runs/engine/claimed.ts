import { LeaseLostError } from '../../domain/lease-lost.ts';
import type { RunGuard } from '../../domain/ports/runs.ts';
import type { Run } from '../../domain/run.ts';
import { errorText } from '../../foundation/errors.ts';
import type { Drive, Steps } from './drive.ts';
import { Interruption, joined } from './interruption.ts';
import { type ClockReading, holdLease } from './lease.ts';
import type { EngineOptions, EngineParts } from './options.ts';
import { openRecord } from './record.ts';
import { driveRun } from './run.ts';
import { createWake, type Wake } from './wake.ts';

export type Claim = { readonly run: Run; readonly guard: RunGuard; readonly claimed: ClockReading };

/** When the service stops: `stopping` first, `stopped` when the acts under way had their time to end. */
export type StopSignals = { readonly stopping: AbortSignal; readonly stopped: AbortSignal };

/**
 * Sees one claimed run through: keeps its lease, hears of cancellation, drives it, and lets go of it in the right way
 * however that ends. Never rejects: what goes wrong here is logged, and the run is claimed again when its lease is over.
 */
export async function driveClaimed(
  parts: EngineParts,
  options: EngineOptions,
  steps: Steps,
  { run, guard, claimed }: Claim,
  { stopping, stopped }: StopSignals,
): Promise<void> {
  const { runs, machines, timeline, clock, meter } = parts;
  const log = parts.log.child({ runId: run.id, machineId: run.machineId });
  const cancelled = new AbortController();
  const onCancel = (): void => {
    if (!cancelled.signal.aborted) cancelled.abort(new Interruption('cancel', 'the run was cancelled'));
  };
  const over = new AbortController();
  const wakes = { step: createWake(clock), cancel: createWake(clock) };
  using _changes = timeline.onChange((machineId) => {
    if (machineId !== run.machineId) return;
    wakes.step.ring();
    wakes.cancel.ring();
  });
  await using lease = holdLease({ runs, clock, log }, guard, options, claimed, onCancel);
  using idle = joined(lease.signal, cancelled.signal, stopping);
  using busy = joined(lease.signal, cancelled.signal, stopped);
  const watching = watchCancel(parts, options, run.id, wakes.cancel, onCancel, over.signal);
  try {
    const record = await openRecord(runs, guard, run, onCancel);
    const drive: Drive = {
      ...{ machines, clock, log, record, lease, stopped, times: options },
      ...{ wake: wakes.step, idle: idle.signal, busy: busy.signal },
    };
    const state = await driveRun(drive, steps, options);
    meter.count('runs_ended', { kind: run.request.kind, state });
    log.info({ state }, 'run ended');
  } catch (error) {
    await letGo(error);
  } finally {
    over.abort();
    await watching;
  }

  async function letGo(error: unknown): Promise<void> {
    const why = error instanceof Interruption ? error.kind : error instanceof LeaseLostError ? 'lease-lost' : 'fault';
    meter.count('runs_let_go', { why });
    if (why === 'stop') return release();
    if (why === 'lease-lost') return log.warn({ error: errorText(error) }, 'somebody else owns the run now');
    // Mostly a store that cannot write. The lease is kept, so that the next try comes only when it is over.
    log.error({ error }, 'driving the run failed; it is taken up again when its lease is over');
  }

  async function release(): Promise<void> {
    try {
      await runs.release(guard);
    } catch (error) {
      log.warn({ error: errorText(error) }, 'could not release the run; it is taken up when its lease is over');
    }
  }
}

/** Looks for a cancellation whenever something happened on the machine, at most once in a gap, and with each heartbeat anyway. */
async function watchCancel(
  { runs, clock, log }: EngineParts,
  { cancelGapMs, heartbeatMs }: EngineOptions,
  runId: string,
  wake: Wake,
  onCancel: () => void,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    try {
      if (!(await wake.wait(heartbeatMs, over))) continue;
      if ((await runs.get(runId)).cancelRequestedAt !== null) return onCancel();
      await clock.sleep(cancelGapMs, over);
    } catch (error) {
      // Either it is over, or the next heartbeat will tell.
      if (!over.aborted) log.debug({ error: errorText(error) }, 'could not look for a cancellation');
    }
  }
}
