import { parentPort, workerData } from 'node:worker_threads';
import { BugError } from '../foundation/errors.ts';
import type { WriteJob } from './dialect.ts';
import { openDurably } from './sqlite-file.ts';
import { createJobRunner, type JobOutcome } from './sqlite-jobs.ts';

/** What the thread is started with. */
export type ThreadOptions = { readonly path: string; readonly busyTimeoutMs: number };

/** What it is asked, one at a time; `close` is the last. */
export type ThreadRequest = { readonly jobs: readonly WriteJob[] } | 'close';

/** What it answers, one for each request, and once before when it is ready. */
export type ThreadAnswer = 'ready' | { readonly outcomes: readonly JobOutcome[] } | { readonly error: unknown };

// The thread of `sqlite-thread.ts`: a connection of its own, whose syncs nobody waits for but who asked.
const port = parentPort;
if (port === null) throw new BugError('the writer of the database runs in a thread of its own');
const answer = (message: ThreadAnswer): void => port.postMessage(message);

const { path, busyTimeoutMs }: ThreadOptions = workerData;
const file = openDurably(path, busyTimeoutMs);
const run = createJobRunner(file);
port.on('message', (request: ThreadRequest) => {
  if (request === 'close') {
    file.close();
    port.close();
    return;
  }
  try {
    answer({ outcomes: run(request.jobs) });
  } catch (error) {
    answer({ error });
  }
});
answer('ready');
