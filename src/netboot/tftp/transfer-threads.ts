import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import type { Meter } from '../../foundation/meter.ts';
import type { StartThread, Thread } from '../../foundation/thread.ts';
import type { TftpReports } from './reports.ts';
import type { Sessions, SessionsDeps, SessionsOptions } from './sessions.ts';
import { createSharedBytes } from './shared-bytes.ts';
import type { FromThread, ThreadData, ToThread } from './thread-messages.ts';

export type TransferThreads = AsyncDisposable & {
  /**
   * The thread with the least to do; undefined while none is ready. One transfer alone starts none: nothing is gained by it.
   * @param underWay transfers that run already, wherever
   */
  choose(underWay: number): Sessions | undefined;
};

export type TransferThreadsDeps = {
  readonly startThread: StartThread;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly reports: Pick<TftpReports, 'ended'>;
  readonly watch?: NonNullable<SessionsDeps['watch']>;
};

export type TransferThreadsOptions = SessionsOptions & {
  /** Our own address. */
  readonly address: string;
  readonly threads: number;
};

const PROGRAM = new URL('./transfer-thread.ts', import.meta.url);
/** Threads without a transfer for so long are ended: each holds some 25 MB. */
const IDLE_MS = 300_000;
/** After one that could not even start: there is no memory, or no program. */
const REST_MS = 60_000;

/** An order that a thread has, by its number. */
type Order = { readonly client: string; readonly name: string; readonly over: () => void };
type Worker = {
  readonly thread: Thread<ToThread>;
  readonly orders: Map<number, Order>;
  ready: boolean;
  stopped: boolean;
};

/**
 * Transfers in threads of their own, so that many of them use more than one processor and none waits for what else the main
 * thread does. A thread that fails takes its transfers with it; another takes its place.
 */
export function createTransferThreads(
  deps: TransferThreadsDeps,
  options: TransferThreadsOptions,
  signal: AbortSignal,
): TransferThreads {
  const { startThread, clock, log, meter, reports, watch } = deps;
  const { threads, ...threadOptions } = options;
  const data: ThreadData = { ...threadOptions, watched: watch !== undefined };
  const workers = new Set<Worker>();
  const shared = createSharedBytes();
  let idle: Disposable | undefined;
  let restUntil = 0;
  let lastId = 0;

  function start(): void {
    const worker: Worker = {
      thread: startThread<ThreadData, ToThread, FromThread>(PROGRAM, data, {
        message: (message) => take(worker, message),
        ended: (why) => lost(worker, why),
      }),
      orders: new Map(),
      ready: false,
      stopped: false,
    };
    workers.add(worker);
  }

  function take(worker: Worker, message: FromThread): void {
    switch (message.kind) {
      case 'ready':
        worker.ready = true;
        restIfIdle();
        break;
      case 'closed':
        worker.orders.get(message.id)?.over();
        worker.orders.delete(message.id);
        restIfIdle();
        break;
      case 'ended':
        reports.ended(message.address, message.facts, message.end);
        break;
      case 'counted':
        for (const { name, labels, value } of message.counters) meter.count(name, labels, value);
        break;
      case 'logged':
        log[message.level](message.fields, message.text);
        break;
      case 'saw': {
        const { buffer, byteOffset, byteLength } = message.data;
        watch?.(message.direction, message.local, message.remote, Buffer.from(buffer, byteOffset, byteLength));
        break;
      }
      default:
        message satisfies never;
    }
  }

  const working = (): Worker[] => [...workers].filter(({ stopped }) => !stopped);

  function restIfIdle(): void {
    idle?.[Symbol.dispose]();
    if (working().every(({ orders }) => orders.size === 0)) idle = clock.after(IDLE_MS, stopAll);
  }

  function stopAll(): void {
    for (const worker of working()) {
      worker.stopped = true;
      worker.thread.post({ kind: 'stop' });
    }
  }

  /** A thread has ended: by our order, or with its transfers. */
  function lost(worker: Worker, why: string | undefined): void {
    workers.delete(worker);
    if (!worker.stopped) {
      meter.count('netboot_tftp_threads_lost');
      log.error({ why, transfers: worker.orders.size }, 'TFTP thread ended, its transfers with it');
      if (!worker.ready) restUntil = clock.elapsed() + REST_MS;
    }
    for (const { client, name, over } of worker.orders.values()) {
      if (!worker.stopped) {
        meter.count('netboot_tftp_transfers', { end: 'failed' });
        log.error({ client, name, error: 'its thread ended' }, 'TFTP transfer failed');
      }
      over();
    }
    worker.orders.clear();
  }

  function sessionsOf(worker: Worker): Sessions {
    return {
      open: (client, { name, bytes, terms, content }) =>
        new Promise((resolve) => {
          // Nobody would tell that an order of a thread that is gone is over.
          if (!workers.has(worker)) return resolve();
          const id = ++lastId;
          worker.orders.set(id, { client: client.address, name, over: resolve });
          worker.thread.post({ kind: 'open', id, client, name, bytes, terms, content: shared(content) });
        }),
    };
  }

  signal.addEventListener('abort', stopAll, { once: true });

  return {
    choose(underWay) {
      idle?.[Symbol.dispose]();
      const wanted = working().length > 0 || underWay > 0;
      if (wanted && !signal.aborted && clock.elapsed() >= restUntil) while (working().length < threads) start();
      const ready = working().filter((worker) => worker.ready);
      const [best] = ready.sort((a, b) => a.orders.size - b.orders.size);
      return best === undefined ? undefined : sessionsOf(best);
    },
    async [Symbol.asyncDispose]() {
      signal.removeEventListener('abort', stopAll);
      idle?.[Symbol.dispose]();
      await Promise.all([...workers].map(({ thread }) => thread[Symbol.asyncDispose]()));
    },
  };
}
