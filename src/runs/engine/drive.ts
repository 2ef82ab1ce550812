import type { Machine } from '../../domain/machine.ts';
import type { Machines } from '../../domain/ports/machines.ts';
import type { PlanEntry } from '../../domain/run.ts';
import type { RunnableStep } from '../../domain/step.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import { type Failure, judge } from './failure.ts';
import { Interruption, interruptible } from './interruption.ts';
import type { HeldLease } from './lease.ts';
import type { RunRecord } from './record.ts';
import type { Wake } from './wake.ts';

/** The steps by name. */
export type Steps = ReadonlyMap<string, RunnableStep>;

/** What driving one run needs; lives as long as its claim. */
export type Drive = {
  readonly machines: Machines;
  readonly clock: Clock;
  readonly log: Log;
  readonly record: RunRecord;
  readonly lease: HeldLease;
  /** Rings when something happened on the machine. */
  readonly wake: Wake;
  /** Breaks off looks and waits: stop, cancellation, lost lease. */
  readonly idle: AbortSignal;
  /** Breaks off acts: the same, but a stop lets them end for a while. */
  readonly busy: AbortSignal;
  /** The service stops and its acts had their time to end: breaks off clean-up. */
  readonly stopped: AbortSignal;
  readonly times: StepTimes;
};

export type StepTimes = {
  /** A wait looks at the machine's last event this often even when nothing rang, milliseconds. */
  readonly pollMs: number;
  /** Between two looks because of events at least this long, so that a burst of sightings is one look. */
  readonly lookGapMs: number;
  /** How long work that was told to stop may take to do so. */
  readonly abortGraceMs: number;
  /** Times one act may be taken in one step and round; more is a step that goes in circles. */
  readonly maximumActs: number;
};

/**
 * Runs one look or one act under the step's deadline, and tells apart how it ended.
 * @throws Interruption when it was broken off for another reason than the deadline
 */
export async function attempt<T>(
  { clock, log, times }: Drive,
  { step }: PlanEntry,
  signal: AbortSignal,
  deadlineAt: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<{ readonly kind: 'ok'; readonly value: T } | { readonly kind: 'deadline' } | Failure> {
  try {
    const value = await interruptible(clock, { signal, deadlineAt, graceMs: times.abortGraceMs }, work);
    return { kind: 'ok', value };
  } catch (error) {
    if (error instanceof Interruption && error.kind === 'deadline') return { kind: 'deadline' };
    return judge(error, step, log);
  }
}

/** How many events the machine had at a look, and how many of them were the engine's own. */
export type KnownEvents = { readonly seq: number; readonly written: number };

export function knownEvents(machine: Machine, record: RunRecord): KnownEvents {
  return { seq: machine.lastSeq, written: record.written };
}

/**
 * Waits until that time or until the machine has an event that we did not write; then no sooner than a gap after the
 * last look, since a step whose looks leave events behind would otherwise wake itself without end.
 * @throws Interruption when it is broken off
 */
export async function waitForNews(drive: Drive, known: KnownEvents, lookedAt: number, until: number): Promise<void> {
  const { clock, idle, record, times, wake } = drive;
  for (;;) {
    const left = until - clock.now();
    if (left <= 0) return;
    await wake.wait(Math.min(left, times.pollMs), idle);
    const { lastSeq } = await drive.machines.get(record.run.machineId);
    if (lastSeq - known.seq > record.written - known.written) break;
  }
  const gap = Math.min(lookedAt + times.lookGapMs, until) - clock.now();
  if (gap > 0) await clock.sleep(gap, idle);
}
