import type { Machine } from '../../domain/machine.ts';
import type { Machines } from '../../domain/ports/machines.ts';
import type { Runs } from '../../domain/ports/runs.ts';
import type { Timeline } from '../../domain/ports/timeline.ts';
import { ACTIVE_RUN_STATES } from '../../domain/run.ts';
import type { Clock } from '../../foundation/clock.ts';
import { errorText, NotFoundError, ServiceError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Hold, Lines } from './lines.ts';
import type { ConsoleSettings } from './options.ts';

export type RecorderParts = {
  readonly machines: Pick<Machines, 'list' | 'get'>;
  readonly runs: Pick<Runs, 'list'>;
  readonly timeline: Pick<Timeline, 'onChange'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly lines: Lines;
};

/** Changes within so many milliseconds are looked at together. */
const COALESCE_MS = 100;
/** What will not get better by itself is tried this many times less often. */
const GIVE_UP_FACTOR = 20;

/** Why a line is kept open: the run, or that it always is. */
type Recording = { readonly why: string; readonly stop: AbortController; readonly done: Promise<void> };

/**
 * Keeps the consoles open that are to be recorded, and lets lines follow their machines' declarations. It only holds lines, the
 * same ones that viewers use; storing what comes is theirs. It never takes a console from anybody.
 */
export function createRecorder(
  parts: RecorderParts,
  settings: ConsoleSettings,
): { run(signal: AbortSignal): Promise<void> } {
  const { machines, runs, timeline, clock, log, lines } = parts;
  const recordings = new Map<string, Recording>();

  const lookAtAll = async (signal: AbortSignal): Promise<void> => {
    const present = await machines.list();
    const ids = new Set(present.map(({ id }) => id));
    for (const machine of present) {
      signal.throwIfAborted();
      await lookAt(machine, signal);
    }
    for (const id of [...recordings.keys(), ...lines.machineIds()]) if (!ids.has(id)) await removed(id);
  };

  const lookAtOne = async (id: string, signal: AbortSignal): Promise<void> => {
    try {
      await lookAt(await machines.get(id), signal);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      await removed(id);
    }
  };

  const lookAt = async (machine: Machine, signal: AbortSignal): Promise<void> => {
    lines.follow(machine);
    const why = await reasonFor(machine);
    const known = recordings.get(machine.id);
    if (known?.why === why) return;
    known?.stop.abort();
    recordings.delete(machine.id);
    if (why === undefined) return;
    const stop = new AbortController();
    const done = keepOpen(machine.id, AbortSignal.any([stop.signal, signal])).catch(() => undefined);
    recordings.set(machine.id, { why, stop, done });
  };

  const reasonFor = async ({ id, spec }: Machine): Promise<string | undefined> => {
    const record = spec.console === undefined ? 'off' : (spec.console.record ?? 'runs');
    if (record === 'off') return undefined;
    if (record === 'always') return 'always';
    const [run] = await runs.list({ machineId: id, states: ACTIVE_RUN_STATES, limit: 1 });
    return run === undefined ? undefined : `run ${run.id}`;
  };

  const removed = async (id: string): Promise<void> => {
    recordings.get(id)?.stop.abort();
    recordings.delete(id);
    await lines.end(id, new NotFoundError('the machine was removed'));
  };

  /** Ends by its signal only. */
  const keepOpen = async (id: string, signal: AbortSignal): Promise<void> => {
    for (;;) {
      let pauseMs = settings.recordRetryMs;
      try {
        const hold = await lines.hold(await machines.get(id), { viewer: false }, signal);
        try {
          askAgain(hold);
          await untilOver(hold, signal);
        } finally {
          hold.release();
        }
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ServiceError && error.retry === 'give-up') pauseMs *= GIVE_UP_FACTOR;
        log.warn({ machineId: id, error: errorText(error) }, 'the console could not be opened for recording');
      }
      await clock.sleep(pauseMs, signal);
    }
  };

  /**
   * Resolves when the line ended by itself. Meanwhile, one that was occupied is asked for again: by whom is not always
   * known, and after a crash of this service it is its own dead session, until the controller gives that up.
   * @throws the signal's reason
   */
  const untilOver = async ({ line }: Hold, signal: AbortSignal): Promise<void> => {
    const either = AbortSignal.any([line.over, signal]);
    while (!either.aborted) {
      // How it ended is asked in the loop's condition and after it.
      await clock.sleep(settings.recordRetryMs, either).catch(() => undefined);
      const { state } = line.standing;
      const left = state.line === 'disconnected' && state.retryMs === null;
      if (!either.aborted && left && state.reason === 'occupied') line.reconnect({ steal: false });
    }
    signal.throwIfAborted();
  };

  return {
    async run(signal) {
      const changed = new Set<string>();
      let wake: (() => void) | undefined;
      using _subscription = timeline.onChange((id) => {
        changed.add(id);
        wake?.();
      });
      let allAt = clock.elapsed();
      try {
        for (;;) {
          const ids = [...changed];
          changed.clear();
          const all = clock.elapsed() >= allAt;
          try {
            if (all) await lookAtAll(signal);
            else for (const id of ids) await lookAtOne(id, signal);
          } catch (error) {
            signal.throwIfAborted();
            log.error({ error: errorText(error) }, 'machines could not be read for recording; it will be tried again');
          }
          if (all) allAt = clock.elapsed() + settings.lookMs;
          if (changed.size === 0) {
            const woken = new AbortController();
            wake = () => woken.abort();
            const either = AbortSignal.any([woken.signal, signal]);
            // Woken or not, it looks; whether it is to end is asked right after.
            await clock.sleep(Math.max(0, allAt - clock.elapsed()), either).catch(() => undefined);
            wake = undefined;
          }
          await clock.sleep(COALESCE_MS, signal);
        }
      } finally {
        await Promise.all([...recordings.values()].map(({ done }) => done));
        recordings.clear();
      }
    },
  };
}

/** A new run is a reason to ask once more for a console that somebody had, politely. */
function askAgain({ line }: Hold): void {
  const { state } = line.standing;
  if (state.line === 'disconnected' && state.retryMs === null) line.reconnect({ steal: false });
}
