import type { RunnableStep } from '../domain/step.ts';
import { randomId } from '../foundation/entropy.ts';
import { errorText } from '../foundation/errors.ts';
import { type Claim, driveClaimed } from './engine/claimed.ts';
import { Interruption } from './engine/interruption.ts';
import { readClock } from './engine/lease.ts';
import { ENGINE_DEFAULTS, type EngineOptions, type EngineParts } from './engine/options.ts';
import { endOrphanedLeases } from './engine/recovery.ts';
import { createWake } from './engine/wake.ts';

/** Between two looks for runs to claim because of events, so that a busy fleet does not make it a busy loop, milliseconds. */
const CLAIM_GAP_MS = 20;

/** Makes runs happen: claims what is queued or has lost its owner, and drives each until it ends. */
export type Engine = {
  /** Resolves when `signal` has fired and every run is let go of; cancels none. @throws when the store cannot be used at start */
  run(signal: AbortSignal): Promise<void>;
};

export function createEngine(parts: EngineParts, chosen: Partial<EngineOptions> = {}): Engine {
  const { runs, timeline, clock, log, meter } = parts;
  const options: EngineOptions = { owner: randomId(parts.entropy, 12), ...ENGINE_DEFAULTS, ...chosen };
  const steps = new Map<string, RunnableStep>(parts.steps.map((step) => [step.name, step]));
  const wake = createWake(clock);

  return {
    async run(signal) {
      if (options.exclusive) await endOrphanedLeases(parts);
      const stop = createStop();
      const onAbort = (): void => stop.begin();
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) stop.begin();
      using _changes = timeline.onChange(() => wake.ring());
      const driving = new Set<Promise<void>>();
      try {
        while (!stop.stopping.aborted) {
          const claim = driving.size < options.parallel ? await claimOne() : undefined;
          if (claim === undefined) {
            await waitForChange(stop.stopping);
            continue;
          }
          const done = driveClaimed(parts, options, steps, claim, stop).finally(() => {
            driving.delete(done);
            wake.ring();
          });
          driving.add(done);
        }
      } finally {
        signal.removeEventListener('abort', onAbort);
        await Promise.all(driving);
        await stop.ended();
      }
    },
  };

  /** Anything that changes rings: an order, the end of a run, a lease that was let go of. */
  async function waitForChange(stopping: AbortSignal): Promise<void> {
    const looked = clock.elapsed();
    try {
      await wake.wait(options.pollMs, stopping);
      await clock.sleep(Math.max(0, looked + CLAIM_GAP_MS - clock.elapsed()), stopping);
    } catch (error) {
      if (!stopping.aborted) throw error;
    }
  }

  async function claimOne(): Promise<Claim | undefined> {
    const claimed = readClock(clock);
    try {
      const run = await runs.claim(options.owner, options.leaseMs);
      if (run === undefined) return undefined;
      meter.count('runs_claimed');
      return { run, claimed, guard: { runId: run.id, owner: options.owner, fence: run.fence } };
    } catch (error) {
      // A store that cannot write now may do so later; the poll tries again.
      log.error({ error: errorText(error) }, 'could not look for runs to drive');
      return undefined;
    }
  }

  function createStop() {
    const stopping = new AbortController();
    const stopped = new AbortController();
    const unneeded = new AbortController();
    let timer: Promise<void> = Promise.resolve();
    return {
      stopping: stopping.signal,
      stopped: stopped.signal,
      begin() {
        const reason = new Interruption('stop', 'the service stops');
        stopping.abort(reason);
        timer = clock.sleep(options.stopGraceMs, unneeded.signal).then(
          () => stopped.abort(reason),
          () => undefined,
        );
      },
      async ended() {
        unneeded.abort();
        await timer;
      },
    };
  }
}
