import { type Clock, systemClock } from '../../foundation/clock.ts';
import { BugError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { createMeter, type Meter } from '../../foundation/meter.ts';
import { parentThread } from '../../foundation/thread.ts';
import { systemUdp, type UdpPeer } from '../../foundation/udp.ts';
import { systemUdpLink } from '../../foundation/udp-link.ts';
import { createTftpStrangers, keyOf, ownPorts } from './channels.ts';
import { createSessions } from './sessions.ts';
import type { FromThread, LogLevel, ThreadData, ToThread } from './thread-messages.ts';

// The program of a transfer thread: the same sessions as in the main thread, whose reports go there as messages.

/** Counters are told this often at most, or a flood of strangers' datagrams would become one of messages. */
const COUNT_EVERY_MS = 100;

const parent = parentThread<ThreadData, ToThread, FromThread>();
if (parent === undefined) throw new BugError('this program runs in a thread');
const { data: options, post } = parent;
const stop = new AbortController();
const log = remoteLog({});
const meter = remoteMeter(systemClock);
const running = new Set<Promise<void>>();
/** Orders by their client. */
const underWay = new Map<string, number>();
const sessions = createSessions(
  {
    clock: systemClock,
    log,
    meter,
    reports: { ended: (address, facts, end) => post({ kind: 'ended', address, facts, end }) },
    openChannel: ownPorts({
      udp: systemUdp,
      openLink: systemUdpLink,
      strangers: createTftpStrangers({ log, meter }),
      address: options.address,
    }),
    ...(options.watched ? { watch, tellingOnly: true } : {}),
  },
  options,
  stop.signal,
);

const listening = parent.listen((message) => {
  if (message.kind === 'stop') {
    void end();
    return;
  }
  const earlier = underWay.get(keyOf(message.client)) ?? 0;
  // What ended the earlier transfer of that port may wait in its socket yet, though it was sent before: sockets go first.
  if (earlier > 0) systemClock.after(0, () => open(message));
  else open(message);
});
post({ kind: 'ready' });

function open({ id, client, name, bytes, terms, content }: Extract<ToThread, { kind: 'open' }>): void {
  const { buffer, byteOffset, byteLength } = content;
  const key = keyOf(client);
  underWay.set(key, (underWay.get(key) ?? 0) + 1);
  const work = sessions
    .open(client, { name, bytes, terms, content: Buffer.from(buffer, byteOffset, byteLength) })
    .finally(() => {
      const left = (underWay.get(key) ?? 0) - 1;
      if (left > 0) underWay.set(key, left);
      else underWay.delete(key);
      running.delete(work);
      post({ kind: 'closed', id });
    });
  running.add(work);
}

/** Without anything open and anybody to listen to, the thread ends. */
async function end(): Promise<void> {
  stop.abort();
  await Promise.all(running);
  meter.flush();
  listening[Symbol.dispose]();
}

function watch(direction: 'in' | 'out', local: UdpPeer, remote: UdpPeer, data: Buffer): void {
  // Posting a view would copy all that lies around it.
  post({ kind: 'saw', direction, local, remote, data: new Uint8Array(data) });
}

function remoteLog(always: Readonly<Record<string, unknown>>): Log {
  const at =
    (level: LogLevel) =>
    (fields: Readonly<Record<string, unknown>>, text: string): void =>
      post({ kind: 'logged', level, fields: { ...always, ...fields }, text });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => remoteLog({ ...always, ...fields }),
  };
}

function remoteMeter(clock: Clock): Meter & { flush(): void } {
  let waiting: ReturnType<typeof createMeter> | undefined;
  let timer: Disposable | undefined;
  const flush = (): void => {
    timer?.[Symbol.dispose]();
    if (waiting !== undefined) post({ kind: 'counted', counters: waiting.readings() });
    waiting = undefined;
  };
  return {
    flush,
    count(name, labels, by) {
      if (waiting === undefined) {
        waiting = createMeter();
        timer = clock.after(COUNT_EVERY_MS, flush);
      }
      waiting.count(name, labels, by);
    },
  };
}
