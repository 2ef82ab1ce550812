import type { Machine } from '../../domain/machine.ts';
import type { Clock } from '../../foundation/clock.ts';
import { abortable } from '../../foundation/deadline.ts';
import { ConflictError, UnreachableError } from '../../foundation/errors.ts';
import { type Line, type LineParts, openLine } from './line.ts';
import type { ConsoleSettings } from './options.ts';

/** Somebody's interest in a line; it stays open as long as there is one, and a little longer. */
export type Hold = { readonly line: Line; release(): void };

export type HoldOptions = {
  /** A viewer, of which a machine has a limited number; recording is none. */
  readonly viewer: boolean;
};

/** All lines that are open, one a machine. */
export type Lines = {
  /** @throws ConflictError when there are too many; what {@link openLine} throws; the signal's reason */
  hold(machine: Machine, options: HoldOptions, signal: AbortSignal): Promise<Hold>;
  /** Tells an open line how its machine is declared now. */
  follow(machine: Machine): void;
  /** Ends the line of a machine, whoever looks on. @param reason what its viewers are told */
  end(machineId: string, reason: unknown): Promise<void>;
  /** The machines that have a line. */
  machineIds(): readonly string[];
  /** Ends all lines, and those that are asked for later. */
  close(): Promise<void>;
};

type Entry = {
  readonly opening: Promise<Line>;
  readonly stop: AbortController;
  holders: number;
  viewers: number;
  lingering: AbortController | undefined;
  closing: Promise<void> | undefined;
};

export function createLines(parts: LineParts & { readonly clock: Clock }, settings: ConsoleSettings): Lines {
  const { clock, log } = parts;
  const entries = new Map<string, Entry>();
  let closed = false;

  /** A line that is being closed stores its last text first; the next one begins after it. */
  const untilClosed = async (machineId: string, signal: AbortSignal): Promise<void> => {
    for (let known = entries.get(machineId); known?.closing !== undefined; known = entries.get(machineId)) {
      await abortable(known.closing, signal);
    }
  };

  const open = (machine: Machine): Entry => {
    if (entries.size >= settings.mostLines) {
      throw new ConflictError(
        `open the console of ${machine.spec.name}: ${entries.size} are open, the most there may be`,
      );
    }
    const stop = new AbortController();
    const opening = openLine(parts, machine, settings, stop.signal);
    const entry: Entry = { opening, stop, holders: 0, viewers: 0, lingering: undefined, closing: undefined };
    entries.set(machine.id, entry);
    // Everybody who waits for it gets the failure; the next one who asks tries again.
    opening.catch(() => {
      if (entries.get(machine.id) === entry) entries.delete(machine.id);
    });
    return entry;
  };

  const endEntry = (machineId: string, entry: Entry, reason: unknown): Promise<void> => {
    entry.lingering?.abort();
    entry.stop.abort(reason);
    entry.closing ??= entry.opening
      .then(
        (line) => line.close(reason),
        // It never opened: told to whoever asked for it.
        () => undefined,
      )
      .finally(() => {
        if (entries.get(machineId) === entry) entries.delete(machineId);
      });
    return entry.closing;
  };

  const linger = async (machineId: string, entry: Entry): Promise<void> => {
    const lingering = new AbortController();
    entry.lingering = lingering;
    try {
      await clock.sleep(settings.lingerMs, lingering.signal);
    } catch {
      return; // Somebody came back.
    }
    await endEntry(machineId, entry, new UnreachableError('nobody looks on any more'));
  };

  return {
    async hold(machine, { viewer }, signal) {
      if (entries.get(machine.id)?.closing !== undefined) await untilClosed(machine.id, signal);
      if (closed) throw new UnreachableError(`console of ${machine.spec.name}: the service ends`);
      const entry = entries.get(machine.id) ?? open(machine);
      if (viewer && entry.viewers >= settings.mostViewers) {
        throw new ConflictError(`${entry.viewers} look at the console of ${machine.spec.name}, the most there may be`);
      }
      entry.holders++;
      if (viewer) entry.viewers++;
      entry.lingering?.abort();
      let held = true;
      const release = (): void => {
        if (!held) return;
        held = false;
        entry.holders--;
        if (viewer) entry.viewers--;
        if (entry.holders > 0 || entry.closing !== undefined || entries.get(machine.id) !== entry) return;
        linger(machine.id, entry).catch((error: unknown) => log.error({ error }, 'a console could not be closed'));
      };
      try {
        const line = await abortable(entry.opening, signal);
        line.follow(machine);
        return { line, release };
      } catch (error) {
        release();
        throw error;
      }
    },
    follow(machine) {
      const entry = entries.get(machine.id);
      if (entry === undefined || entry.closing !== undefined) return;
      // A line that does not open has told so already.
      entry.opening.then((line) => line.follow(machine)).catch(() => undefined);
    },
    async end(machineId, reason) {
      const entry = entries.get(machineId);
      if (entry !== undefined) await endEntry(machineId, entry, reason);
    },
    machineIds: () => [...entries.keys()],
    async close() {
      closed = true;
      const reason = new UnreachableError('the service ends');
      await Promise.all([...entries].map(([machineId, entry]) => endEntry(machineId, entry, reason)));
    },
  };
}
