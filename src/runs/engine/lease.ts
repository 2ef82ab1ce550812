import { LeaseLostError } from '../../domain/lease-lost.ts';
import type { RunGuard, Runs } from '../../domain/ports/runs.ts';
import type { Clock } from '../../foundation/clock.ts';
import { abortable, formatSeconds, withDeadline } from '../../foundation/deadline.ts';
import { errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { Interruption } from './interruption.ts';

export type LeaseTimes = {
  /** How long a claim holds without being renewed, milliseconds. */
  readonly leaseMs: number;
  /** How often it is renewed. */
  readonly heartbeatMs: number;
  /** Without a renewal for this long the owner stops itself: before the lease ends, so that two never act at once. */
  readonly selfStopMs: number;
};

export type HeldLease = AsyncDisposable & {
  /** Fires when the run is somebody else's, or may soon be. */
  readonly signal: AbortSignal;
  /** Right before an effect: a process that was suspended has had no timer fire yet. @throws Interruption */
  assertFresh(): void;
};

/** A failed renewal is tried again after this, milliseconds. */
const RETRY_MS = 1000;

/**
 * Keeps a claim alive by heartbeats until it is disposed of.
 * @param claimed when the claim was asked for, on both clocks: the lease is at least that old
 * @param onCancel called when a heartbeat finds that cancellation was asked for
 */
export function holdLease(
  { runs, clock, log }: { readonly runs: Runs; readonly clock: Clock; readonly log: Log },
  guard: RunGuard,
  { leaseMs, heartbeatMs, selfStopMs }: LeaseTimes,
  claimed: ClockReading,
  onCancel: () => void,
): HeldLease {
  const lost = new AbortController();
  const ended = new AbortController();
  let renewed = claimed;

  /** The wall clock counts too: the monotonic one stands still while a machine is suspended. */
  function ageMs(): number {
    return Math.max(clock.elapsed() - renewed.elapsed, clock.now() - renewed.now);
  }

  function lose(why: string): void {
    log.warn({ fence: guard.fence }, `gave the run up: ${why}`);
    lost.abort(new Interruption('lease-lost', why));
  }

  async function renew(): Promise<void> {
    const asked = readClock(clock);
    const left = Math.max(1, selfStopMs - ageMs());
    const { cancelRequestedAt } = await withDeadline(clock, left, ended.signal, 'renew the lease', (signal) =>
      abortable(runs.renew(guard, leaseMs), signal),
    );
    renewed = asked;
    if (cancelRequestedAt !== null) onCancel();
  }

  async function beat(): Promise<void> {
    let pauseMs = heartbeatMs;
    while (!lost.signal.aborted) {
      try {
        await clock.sleep(Math.max(0, Math.min(pauseMs, selfStopMs - ageMs())), ended.signal);
        await renew();
        pauseMs = heartbeatMs;
      } catch (error) {
        if (ended.signal.aborted) return;
        if (error instanceof LeaseLostError) return lose('somebody else claimed it');
        log.warn({ error: errorText(error) }, 'could not renew the lease');
        pauseMs = RETRY_MS;
        if (ageMs() >= selfStopMs) return lose(`no renewal for ${formatSeconds(ageMs())}`);
      }
    }
  }

  const beating = beat();
  return {
    signal: lost.signal,
    assertFresh() {
      if (!lost.signal.aborted && ageMs() >= selfStopMs) lose(`no renewal for ${formatSeconds(ageMs())}`);
      lost.signal.throwIfAborted();
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await beating;
    },
  };
}

/** A moment on both clocks. */
export type ClockReading = { readonly elapsed: number; readonly now: number };

export function readClock(clock: Clock): ClockReading {
  return { elapsed: clock.elapsed(), now: clock.now() };
}
