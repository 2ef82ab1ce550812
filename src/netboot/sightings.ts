import type { NewEvent } from '../domain/event.ts';
import type { Timeline } from '../domain/ports/timeline.ts';
import type { Clock } from '../foundation/clock.ts';
import { errorText, NotFoundError } from '../foundation/errors.ts';
import { canonicalJson } from '../foundation/json.ts';
import type { Log } from '../foundation/log.ts';
import type { Meter } from '../foundation/meter.ts';

export type SightingsDeps = {
  readonly timeline: Timeline;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
};

export type SightingsOptions = {
  /** Repeats of an event within this time are counted into one more event. Default 2000. */
  readonly windowMs?: number;
  /** Different events remembered at once; beyond it they are written without being counted together. Default 4096. */
  readonly maximumRemembered?: number;
};

/** Where listeners report what they saw; never waited for before an answer leaves. */
export type Sightings = {
  /** Appends the event, or counts it when the same one was just reported. */
  saw(machineId: string, event: NewEvent): void;
  /** Settles when all that was reported so far is in the timeline. */
  settled(): Promise<void>;
  /** Ends all waiting and writes what was counted; later sightings are still written, each for itself. */
  close(): Promise<void>;
};

type Remembered = {
  readonly machineId: string;
  readonly event: NewEvent;
  /** Ends the counting. */
  readonly window: Disposable;
  repeats: number;
};

/**
 * Writes sightings in the order in which they came, per machine. The first of its kind goes to the timeline at once; repeats within
 * the window become one event that says how many (`times`). That one carries no stage: by then the machine may be further.
 */
export function createSightings(deps: SightingsDeps, options: SightingsOptions = {}): Sightings {
  const { timeline, clock, log, meter } = deps;
  const { windowMs = 2000, maximumRemembered = 4096 } = options;
  let closed = false;
  const remembered = new Map<string, Remembered>();
  const queues = new Map<string, Promise<void>>();

  function append(machineId: string, event: NewEvent): void {
    const earlier = queues.get(machineId) ?? Promise.resolve();
    const done = earlier
      .then(() => timeline.append(machineId, [event]))
      .then(
        () => undefined,
        (error: unknown) => {
          meter.count('netboot_sightings_lost', { type: event.type });
          const fields = { machineId, type: event.type, error: errorText(error) };
          if (error instanceof NotFoundError) log.debug(fields, 'sighting of a machine that was removed');
          else log.error(fields, 'sighting could not be written');
        },
      )
      .then(() => {
        if (queues.get(machineId) === done) queues.delete(machineId);
      });
    queues.set(machineId, done);
  }

  function flush(key: string): void {
    const entry = remembered.get(key);
    remembered.delete(key);
    if (entry === undefined || entry.repeats === 0) return;
    const { stage: _, ...event } = entry.event;
    append(entry.machineId, { ...event, data: { ...event.data, times: entry.repeats } });
  }

  return {
    saw(machineId, event) {
      const key = canonicalJson([machineId, event.type, event.source, event.runId ?? null, event.data]);
      const entry = remembered.get(key);
      if (entry !== undefined) {
        entry.repeats += 1;
        return;
      }
      append(machineId, event);
      if (remembered.size >= maximumRemembered || closed) return;
      // No sleep with a signal: thousands of listeners on one are searched through for each new one.
      const window = clock.after(windowMs, () => flush(key));
      remembered.set(key, { machineId, event, window, repeats: 0 });
    },
    async settled() {
      await Promise.all(queues.values());
    },
    async close() {
      closed = true;
      for (const [key, { window }] of [...remembered]) {
        window[Symbol.dispose]();
        flush(key);
      }
      await Promise.all(queues.values());
    },
  };
}
