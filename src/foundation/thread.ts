import { parentPort, Worker, workerData } from 'node:worker_threads';
import { errorText } from './errors.ts';

/** A thread with an event loop of its own; what is posted is copied, except shared memory. Disposing ends it, whatever it does. */
export type Thread<In> = AsyncDisposable & { post(message: In): void };

export type ThreadEvents<Out> = {
  message(value: Out): void;
  /** Told once, however it came to an end. @param why undefined where it ended well or was disposed */
  ended(why: string | undefined): void;
};

/**
 * Starts a program in a thread.
 * @param program a module that asks {@link parentThread} for what it is to do
 * @param data given to it at its start
 */
export type StartThread = <Data, In, Out>(program: URL, data: Data, events: ThreadEvents<Out>) => Thread<In>;

export const systemThread: StartThread = (program, data, events) => {
  // The environment may hold secrets, which no thread needs.
  const worker = new Worker(program, { workerData: data, env: {}, name: 'bootwright' });
  let why: string | undefined;
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      resolve();
      events.ended(why ?? (code === 0 || disposed ? undefined : `exit code ${code}`));
    });
  });
  let disposed = false;
  worker.on('error', (error) => {
    why = errorText(error);
  });
  worker.on('message', (value) => events.message(value));
  return {
    post: (message) => worker.postMessage(message),
    async [Symbol.asyncDispose]() {
      disposed = true;
      await worker.terminate();
      await exited;
    },
  };
};

/** The other side, for a program that runs in a thread. */
export type ParentThread<Data, In, Out> = {
  readonly data: Data;
  post(message: Out): void;
  /** The thread ends by itself when nobody listens any more and nothing else is open. */
  listen(receive: (message: In) => void): Disposable;
};

/** Undefined where the program was not started by {@link StartThread}. */
export function parentThread<Data, In, Out>(): ParentThread<Data, In, Out> | undefined {
  const port = parentPort;
  if (port === null) return undefined;
  return {
    data: workerData,
    post: (message) => port.postMessage(message),
    listen(receive) {
      port.on('message', receive);
      return { [Symbol.dispose]: () => port.close() };
    },
  };
}
