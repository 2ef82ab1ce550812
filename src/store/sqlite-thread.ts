import { Worker } from 'node:worker_threads';
import { ServiceError } from '../foundation/errors.ts';
import type { WriteJob } from './dialect.ts';
import type { JobOutcome } from './sqlite-jobs.ts';
import type { ThreadAnswer, ThreadOptions, ThreadRequest } from './sqlite-thread-main.ts';

/** A thread with a connection of its own. */
export type SqliteThread = {
  /** Carries out jobs in one transaction; one call at a time. @throws Error of SQLite, or WriterLostError when the thread ended */
  run(jobs: readonly WriteJob[]): Promise<readonly JobOutcome[]>;
  /** Whether it has ended by itself. */
  lost(): boolean;
  /** Settles when it has closed its connection and ended. */
  close(): Promise<void>;
};

/** The thread ended by itself; whether what it was at is on disk is not known. */
export class WriterLostError extends ServiceError {
  readonly code: string = 'writer-lost';
  constructor(message: string) {
    super(message, {}, 'retry');
  }
}

/** It holds a few statements and one batch; V8 would take as much for its young generation as for a whole service. */
const LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 };

/**
 * Starts the thread; takes some 50 ms and 20 MB. It keeps the process alive only while it is at work.
 * @throws ConfigError, Error of SQLite or WriterLostError when it cannot be started
 */
export async function startSqliteThread(options: ThreadOptions): Promise<SqliteThread> {
  const worker = new Worker(new URL('./sqlite-thread-main.ts', import.meta.url), {
    workerData: options,
    // The environment may hold secrets, which no thread needs.
    env: {},
    resourceLimits: LIMITS,
    name: 'store-writer',
  });
  let waiting: { resolve(answer: ThreadAnswer): void; reject(error: unknown): void } | undefined;
  let lost: unknown;

  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  function fail(error: unknown): void {
    lost ??= error;
    waiting?.reject(lost);
    waiting = undefined;
  }
  worker.once('error', fail);
  worker.once('exit', () => fail(new WriterLostError('the thread that writes the database has ended')));
  worker.on('message', (answer: ThreadAnswer) => {
    const asker = waiting;
    waiting = undefined;
    worker.unref();
    asker?.resolve(answer);
  });

  function ask(request: ThreadRequest | undefined): Promise<ThreadAnswer> {
    if (lost !== undefined) return Promise.reject(lost);
    const { promise, resolve, reject } = Promise.withResolvers<ThreadAnswer>();
    waiting = { resolve, reject };
    if (request !== undefined) {
      worker.ref();
      worker.postMessage(request);
    }
    return promise;
  }

  await ask(undefined);
  return {
    async run(jobs) {
      const answer = await ask({ jobs });
      if (answer === 'ready') throw new WriterLostError('the thread that writes the database answered out of turn');
      if ('error' in answer) throw answer.error;
      return answer.outcomes;
    },
    lost: () => lost !== undefined,
    async close() {
      if (lost === undefined) {
        worker.ref();
        worker.postMessage('close' satisfies ThreadRequest);
      }
      await ended;
    },
  };
}
