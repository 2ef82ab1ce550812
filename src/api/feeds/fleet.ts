import type { Machine } from '../../domain/machine.ts';
import type { Machines } from '../../domain/ports/machines.ts';
import type { Runs } from '../../domain/ports/runs.ts';
import type { Timeline } from '../../domain/ports/timeline.ts';
import type { Clock } from '../../foundation/clock.ts';
import { errorText, NotFoundError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { FleetMachineBody } from '../schema/machine.ts';
import { latestRunsOf, viewFleetMachine } from '../views/machine-view.ts';
import { createWakeUp } from './wake-up.ts';

/** What changed: the machine as it is now, or that it was removed. */
export type FleetChange =
  | { readonly kind: 'machine'; readonly machine: FleetMachineBody }
  | { readonly kind: 'removed'; readonly id: string; readonly name: string };

/** One watch over the fleet, shared by all feeds, so that ten browsers cost as much reading as one. */
export type Fleet = {
  /** The fleet as it is; `hear` is then called with every change until disposed. */
  watch(hear: (change: FleetChange) => void): Promise<Disposable & { readonly machines: readonly FleetMachineBody[] }>;
  /** Resolves when the watch behind it has stopped. */
  close(): Promise<void>;
};

/** Changes within so many milliseconds become one snapshot. */
const COALESCE_MS = 200;
/** The net under lost wake-ups reads every machine: at most so many a second, and never oftener than every 2 s. */
const NET_MACHINES_PER_SECOND = 250;
const NET_MS = 2000;

type Parts = {
  readonly machines: Machines;
  readonly runs: Runs;
  readonly timeline: Timeline;
  readonly clock: Clock;
  readonly log: Log;
};

export function createFleet(parts: Parts): Fleet {
  const { machines, runs, timeline, clock, log } = parts;
  const listeners = new Set<(change: FleetChange) => void>();
  const known = new Map<string, FleetMachineBody>();
  /** Readings come one after the other, so that an older one never overwrites a newer. */
  let reading: Promise<void> = Promise.resolve();
  let stop: AbortController | undefined;
  let watching: Promise<void> = Promise.resolve();

  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const mine = reading.then(work);
    reading = mine.catch(() => undefined);
    return mine;
  };
  const show = async (machine: Machine): Promise<void> => {
    const view = viewFleetMachine(machine, await latestRunsOf(runs, machine.id));
    if (JSON.stringify(known.get(machine.id)) === JSON.stringify(view)) return;
    known.set(machine.id, view);
    for (const hear of listeners) hear({ kind: 'machine', machine: view });
  };
  const forget = (id: string): void => {
    const gone = known.get(id);
    if (gone === undefined) return;
    known.delete(id);
    for (const hear of listeners) hear({ kind: 'removed', id, name: gone.name });
  };
  const readAll = async (): Promise<void> => {
    const present = await machines.list();
    const ids = new Set(present.map(({ id }) => id));
    for (const id of [...known.keys()]) if (!ids.has(id)) forget(id);
    // Every change of a machine or its runs is an event, so an unmoved number means an unmoved machine.
    for (const machine of present) if (known.get(machine.id)?.lastSeq !== machine.lastSeq) await show(machine);
  };
  const readSome = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids) {
      try {
        await show(await machines.get(id));
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
        forget(id);
      }
    }
  };

  const watchChanges = async (signal: AbortSignal): Promise<void> => {
    const changed = new Set<string>();
    using wakeUp = createWakeUp(timeline, clock, (id) => {
      changed.add(id);
      return true;
    });
    let netAt = clock.elapsed() + NET_MS;
    while (!signal.aborted) {
      await wakeUp.wait(Math.max(0, netAt - clock.elapsed()), signal);
      if (changed.size > 0) await clock.sleep(COALESCE_MS, signal);
      const ids = [...changed];
      changed.clear();
      const all = clock.elapsed() >= netAt;
      try {
        await inTurn(() => (all ? readAll() : readSome(ids)));
      } catch (error) {
        log.warn({ error: errorText(error) }, 'the fleet could not be read; it will be tried again');
        for (const id of ids) changed.add(id);
        await clock.sleep(NET_MS, signal);
      }
      if (all) netAt = clock.elapsed() + Math.max(NET_MS, (known.size / NET_MACHINES_PER_SECOND) * 1000);
    }
  };

  const start = (): void => {
    if (stop !== undefined) return;
    const own = new AbortController();
    stop = own;
    const before = watching;
    // Ends by its own abort only; everything else is logged and tried again inside.
    watching = before.then(() => watchChanges(own.signal)).catch(() => undefined);
  };
  const end = (): void => {
    stop?.abort();
    stop = undefined;
    known.clear();
  };

  return {
    async watch(hear) {
      start();
      let live = false;
      const listener = (change: FleetChange): void => {
        if (live) hear(change);
      };
      listeners.add(listener);
      const subscription = {
        [Symbol.dispose]() {
          listeners.delete(listener);
          if (listeners.size === 0) end();
        },
      };
      try {
        await inTurn(readAll);
      } catch (error) {
        subscription[Symbol.dispose]();
        throw error;
      }
      // In one breath with the snapshot: what was heard before is in it, what comes after is not.
      live = true;
      const byName = [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      return { ...subscription, machines: byName };
    },
    async close() {
      end();
      await watching;
    },
  };
}
