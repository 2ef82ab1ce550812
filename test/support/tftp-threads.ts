import type { StartThread, Thread, ThreadEvents } from '../../src/foundation/thread.ts';
import { systemUdp, type UdpPeer } from '../../src/foundation/udp.ts';
import type { FromThread, ThreadData, ToThread } from '../../src/netboot/tftp/thread-messages.ts';
import { encodeTftpPacket } from '../../src/protocols/tftp/packet.ts';

export type FakeThread = {
  readonly data: ThreadData;
  /** What it was told, in order. */
  readonly told: ToThread[];
  say(message: FromThread): void;
  end(why?: string): void;
  disposed: boolean;
};

/** Threads that do only what a test makes them do. */
export function createFakeThreads(): { readonly threads: FakeThread[]; readonly startThread: StartThread } {
  const threads: FakeThread[] = [];
  const start = (data: ThreadData, events: ThreadEvents<FromThread>): Thread<ToThread> => {
    const thread: FakeThread = {
      data,
      told: [],
      say: (message) => events.message(message),
      end: (why) => events.ended(why),
      disposed: false,
    };
    threads.push(thread);
    return {
      post: (message) => void thread.told.push(message),
      [Symbol.asyncDispose]: async () => {
        thread.disposed = true;
      },
    };
  };
  return {
    threads,
    startThread: ((_program: URL, data: ThreadData, events: ThreadEvents<FromThread>) =>
      start(data, events)) as StartThread,
  };
}

export type RealThreads = {
  readonly startThread: StartThread;
  /** Each thread's end, by force. */
  readonly kill: (() => Promise<void>)[];
  /** Transfers that were given to threads. */
  readonly opened: number;
  /** Resolves once so many threads said that they are ready, those that are gone counted too. */
  untilReady(count: number): Promise<void>;
};

/** Threads that another function starts, observed. */
export function observeThreads(start: StartThread): RealThreads {
  const kill: (() => Promise<void>)[] = [];
  let [opened, ready] = [0, 0];
  const waiting: { readonly count: number; resolve(): void }[] = [];
  const tell = (): void => {
    for (const each of waiting) if (ready >= each.count) each.resolve();
  };
  const isKind = (value: unknown, kind: string): boolean =>
    typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
  return {
    kill,
    get opened() {
      return opened;
    },
    untilReady: (count) =>
      new Promise((resolve) => {
        waiting.push({ count, resolve });
        tell();
      }),
    startThread: <Data, In, Out>(program: URL, data: Data, events: ThreadEvents<Out>): Thread<In> => {
      const thread = start<Data, In, Out>(program, data, {
        message(value) {
          events.message(value);
          if (isKind(value, 'ready')) ready += 1;
          tell();
        },
        ended: (why) => events.ended(why),
      });
      kill.push(async () => thread[Symbol.asyncDispose]());
      return {
        post(message) {
          if (isKind(message, 'open')) opened += 1;
          thread.post(message);
        },
        [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
      };
    },
  };
}

/** Asks twice at a time, so that the server starts its threads, and waits until `ready` of them have come to be. */
export async function startTftpThreads(
  server: UdpPeer,
  filename: string,
  threads: RealThreads,
  ready = 2,
): Promise<void> {
  const signal = AbortSignal.timeout(20_000);
  const request = encodeTftpPacket({ kind: 'rrq', filename, mode: 'octet', options: [] });
  const enough = encodeTftpPacket({ kind: 'error', code: 0, message: 'enough' });
  const ask = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<UdpPeer>();
    await using socket = await systemUdp.bind({ address: '127.66.8.9', port: 0 }, (_, from) => resolve(from), signal);
    await socket.send(request, server);
    const from = await promise;
    await threads.untilReady(ready);
    await socket.send(enough, from);
  };
  await Promise.all([ask(), ask()]);
}
