import type { BootCaptures } from '../../domain/ports/boot-captures.ts';
import type { Machines } from '../../domain/ports/machines.ts';
import type { BootAttempt, BootAttempts } from '../../domain/ports/netboot.ts';
import type { Timeline } from '../../domain/ports/timeline.ts';
import type { Clock } from '../../foundation/clock.ts';
import { NotFoundError } from '../../foundation/errors.ts';
import type { Meter } from '../../foundation/meter.ts';
import { type BootCase, type BootCaseLimits, createBootCase } from './boot-case.ts';
import type { Lately } from './lately.ts';
import type { Roster } from './roster.ts';

export type ArmedWatchDeps = {
  readonly attempts: Pick<BootAttempts, 'armed'>;
  readonly machines: Pick<Machines, 'get'>;
  readonly timeline: Pick<Timeline, 'readRun'>;
  readonly captures: Pick<BootCaptures, 'find' | 'packets'>;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly roster: Roster;
  readonly lately: Lately;
};

/** Keeps the roster in step with what is armed, by asking the store: attempts are armed and ended by other processes too. */
export type ArmedWatch = {
  /** Opens a case for each new attempt. @returns the cases whose attempts have ended, which are out of the roster */
  refresh(): Promise<readonly BootCase[]>;
  /** Looks whether runs have come to wait for their machines. */
  readAwaited(): Promise<void>;
};

/** More than are armed at once anywhere; the further ones boot without being watched. */
const MOST_CASES = 2048;
/** All packets of all cases together. */
const ALL_BYTES = 64 << 20;
const CASE_BYTES = 256 << 10;
const CASE_PACKETS = 1000;

export function createArmedWatch(deps: ArmedWatchDeps, { patienceMs }: { readonly patienceMs: number }): ArmedWatch {
  const { attempts, machines, timeline, captures, clock, meter, roster, lately } = deps;
  const limits: BootCaseLimits = {
    ...{ patienceMs, mostPackets: CASE_PACKETS },
    mostBytes: () => Math.min(CASE_BYTES, ALL_BYTES / Math.max(1, roster.size)),
  };
  /** Number of the last event read of each case's run. */
  const read = new WeakMap<BootCase, number>();

  async function open(attempt: BootAttempt): Promise<void> {
    if (roster.size >= MOST_CASES) return meter.count('netboot_boots_unwatched');
    const { machineId, runId, round } = attempt;
    const machine = await machines.get(machineId).catch((error: unknown) => {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    });
    if (machine === undefined) return;
    const opened = createBootCase(attempt, limits, clock.now);
    // After a restart the attempt goes on, and with it what was seen of it.
    const key = { machineId, runId, round };
    const earlier = await captures.find(key);
    if (earlier !== undefined) opened.resume(earlier, await captures.packets(key));
    const { macs, address } = machine.spec;
    roster.add(opened, macs, address);
    lately.replay(opened, [...macs, address, machineId]);
  }

  return {
    async refresh() {
      const armed = await attempts.armed();
      const tokens = new Set(armed.map(({ token }) => token));
      const ended = [...roster.all()].filter(({ attempt }) => !tokens.has(attempt.token));
      for (const each of ended) roster.remove(each);
      for (const attempt of armed) if (roster.ofMachine(attempt.machineId) === undefined) await open(attempt);
      return ended;
    },
    async readAwaited() {
      for (const each of roster.all()) {
        if (each.evidence.awaited !== null) continue;
        const { runId, round } = each.attempt;
        const events = await timeline.readRun(runId, { afterSeq: read.get(each) ?? 0 });
        const last = events.at(-1);
        if (last !== undefined) read.set(each, last.seq);
        const entered = events.findLast(
          ({ type, step, data }) => type === 'step.entered' && step === 'netboot' && data.round === round,
        );
        const deadlineMs = entered?.data.deadlineMs;
        if (entered === undefined || typeof deadlineMs !== 'number') continue;
        each.observe({ kind: 'awaited', at: entered.at, deadlineMs });
      }
    },
  };
}
