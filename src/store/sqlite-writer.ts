import { errorText } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import type { JobRows, Urgency, WriteJob } from './dialect.ts';
import type { JobOutcome, JobRunner } from './sqlite-jobs.ts';
import type { SqliteThread } from './sqlite-thread.ts';
import type { Turns } from './turns.ts';

export type SqliteWriter = {
  /** As in `OpenDatabase`. */
  write(job: () => WriteJob, urgency: Urgency): Promise<JobRows>;
  /** Settles when all that was asked is done, and the thread has ended. */
  close(): Promise<void>;
};

export type SqliteWriterParts = {
  /** Shared with the transactions of the service's own connection, so that nobody ever waits for SQLite's lock with its thread. */
  readonly turns: Turns;
  /** Carries out jobs in this thread. */
  readonly here: JobRunner;
  readonly log: Log;
};

export type SqliteWriterOptions =
  | { readonly thread: 'never' }
  | { readonly thread: 'when-busy' | 'always'; startThread(): Promise<SqliteThread> };

type Waiting = {
  readonly job: () => WriteJob;
  readonly urgency: Urgency;
  resolve(rows: JobRows): void;
  reject(error: unknown): void;
};

/** Jobs of one transaction at most: others wait for it. */
const MOST_TOGETHER = 256;
/** A turn answers some ten requests; so many turns are a few milliseconds. */
const MOST_TURNS = 16;
/** So many jobs that came while the disk synced for earlier ones are a storm: it is worth a thread. */
const BUSY_FROM = 8;

/**
 * Writes jobs, those of one moment in one transaction: a rack that powers on asks for thousands of leases and reports as many
 * events a second, and a disk syncs only so often. While one transaction is on its way, the next gathers.
 *
 * In quiet times they are written in this thread, which is quickest; what comes faster goes to a thread with a connection of its own,
 * so that this one goes on reading datagrams while the disk syncs. Once it is there, a few urgent ones are still written here, and
 * what can wait is not. A thread that is lost is replaced when it is busy again.
 */
export function createSqliteWriter(parts: SqliteWriterParts, options: SqliteWriterOptions): SqliteWriter {
  const { turns, here, log } = parts;
  const queue: Waiting[] = [];
  let draining: Promise<void> | undefined;
  let thread: SqliteThread | undefined;
  let starting: Promise<void> | undefined;

  async function start(startThread: () => Promise<SqliteThread>): Promise<void> {
    try {
      thread = await startThread();
    } catch (error) {
      // Kept as started, so that it is not tried again for each batch; jobs are written here as before.
      log.error({ error: errorText(error) }, 'the thread that writes the database could not be started');
    }
  }

  async function run(jobs: readonly WriteJob[], urgent: boolean): Promise<readonly JobOutcome[]> {
    if (options.thread !== 'never' && (options.thread === 'always' || jobs.length >= BUSY_FROM)) {
      starting ??= start(options.startThread);
      if (options.thread === 'always') await starting;
    }
    const few = options.thread === 'when-busy' && jobs.length < BUSY_FROM;
    if (thread === undefined || (few && urgent)) return here(jobs);
    try {
      return await thread.run(jobs);
    } catch (error) {
      if (thread.lost()) [thread, starting] = [undefined, undefined];
      throw error;
    }
  }

  async function writeTogether(batch: readonly Waiting[]): Promise<void> {
    try {
      const urgent = batch.some(({ urgency }) => urgency === 'urgent');
      const jobs = batch.map(({ job }) => job());
      const outcomes = await run(jobs, urgent);
      batch.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index];
        if (outcome !== undefined && 'rows' in outcome) resolve(outcome.rows);
        else reject(outcome?.error);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /** What is asked in this turn of the event loop joins; what can wait lets a storm of requests by first. */
  async function gather(): Promise<void> {
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const before = queue.length;
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (queue.length === before || queue.some(({ urgency }) => urgency === 'urgent')) return;
    }
  }

  async function drain(): Promise<void> {
    await gather();
    while (queue.length > 0) {
      using _turn = await turns.take();
      await writeTogether(queue.splice(0, MOST_TOGETHER));
    }
    draining = undefined;
  }

  return {
    write(job, urgency) {
      const { promise, resolve, reject } = Promise.withResolvers<JobRows>();
      queue.push({ job, urgency, resolve, reject });
      draining ??= drain();
      return promise;
    },
    async close() {
      await draining;
      await starting;
      await thread?.close();
      thread = undefined;
    },
  };
}
