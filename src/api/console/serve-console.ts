import type { RawData, WebSocket } from 'ws';
import type { ConsoleSeat } from '../../domain/ports/consoles.ts';
import type { Clock } from '../../foundation/clock.ts';
import { abortable, withDeadline } from '../../foundation/deadline.ts';
import {
  BugError,
  DeadlineError,
  errorText,
  NotFoundError,
  ServiceError,
  UnreachableError,
} from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { HttpError } from '../http-error.ts';
import { type ConsoleServerMessageBody, consoleClientMessageSchema } from '../schema/console.ts';
import { viewMessage } from '../views/console-view.ts';

export type ConsoleSocketParts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly seat: ConsoleSeat;
  readonly mode: 'view' | 'write';
  /** Fires when the service ends. */
  readonly closing: AbortSignal;
  /** Asked at every heartbeat; throws when the caller may no longer do this. */
  check(): Promise<unknown>;
  /** Records an order to reconnect before it is carried out. */
  recordReconnect(steal: boolean): Promise<void>;
};

export type ConsoleSocketOptions = {
  /** A ping is sent this often; a client that has answered none of the last one's time is cut. Default 15 s. */
  readonly heartbeatMs?: number;
  /** A client that takes nothing for so long is cut. Default 15 s. */
  readonly stallMs?: number;
  /** A connection on which nothing was sent either way for so long is closed. Default 12 h. */
  readonly idleMs?: number;
};

/** Why a connection is closed. @see RFC 6455 §7.4 */
export const CLOSE = {
  idle: 1000,
  serviceEnds: 1001,
  rightsEnded: 1008,
  broken: 1011,
  tooSlow: 1013,
  machineRemoved: 4404,
} as const;

/** Messages of a client that wait for the ones before them; beyond that nothing more is read from it. */
const MOST_WAITING = 8;
/** A client that does not answer the closing is cut. */
const CLOSE_MS = 2000;
const LONGEST_REASON = 100;

/** Serves one viewer of a console until either side ends it. What is not sent yet is never more than one message. */
export async function serveConsole(
  socket: WebSocket,
  parts: ConsoleSocketParts,
  options: ConsoleSocketOptions,
): Promise<void> {
  const { clock, log, seat, mode, closing, check, recordReconnect } = parts;
  const { heartbeatMs = 15_000, stallMs = 15_000, idleMs = 12 * 3600 * 1000 } = options;
  const gone = new AbortController();
  const over = AbortSignal.any([gone.signal, closing]);
  let activeAt = clock.elapsed();
  let alive = true;
  let waiting = 0;
  let work: Promise<void> = Promise.resolve();

  const send = async (frame: Buffer | ConsoleServerMessageBody): Promise<void> => {
    activeAt = clock.elapsed();
    const data = Buffer.isBuffer(frame) ? frame : JSON.stringify(frame);
    await withDeadline(clock, stallMs, over, 'wait for the viewer to take output', (signal) =>
      abortable(
        new Promise<void>((resolve, reject) => {
          socket.send(data, (error) => (error ? reject(error) : resolve()));
        }),
        signal,
      ),
    );
  };

  const pump = async (): Promise<never> => {
    let expected: number | undefined;
    for (;;) {
      const message = await seat.next(over);
      for (const frame of viewMessage(message, expected)) await send(frame);
      if (message.kind === 'output') expected = message.offset + message.bytes.length;
    }
  };

  const beat = async (): Promise<never> => {
    for (;;) {
      await clock.sleep(heartbeatMs, over);
      await check();
      // While nothing is read from it, its answers are not either.
      if (!alive && !socket.isPaused) throw new DeadlineError('the viewer does not answer');
      if (clock.elapsed() - activeAt > idleMs) throw new IdleError();
      alive = false;
      socket.ping();
    }
  };

  const take = async (data: RawData, isBinary: boolean): Promise<void> => {
    activeAt = clock.elapsed();
    try {
      if (mode !== 'write') throw new HttpError('forbidden', 'this connection only looks: open it with mode=write');
      if (!Buffer.isBuffer(data)) throw new BugError('a frame came as something else than a buffer');
      if (isBinary) return await seat.write(data, over);
      const order = parseOrder(data.toString('utf8'));
      if (order === undefined) return await send(error('invalid-request', 'a text frame must be one of the messages'));
      if (order.type === 'break') return await seat.sendBreak(over);
      await recordReconnect(order.steal);
      seat.reconnect({ steal: order.steal });
    } catch (failure) {
      if (over.aborted) return;
      if (!(failure instanceof ServiceError)) log.error({ error: errorText(failure) }, 'console input failed');
      const known = failure instanceof ServiceError ? failure : undefined;
      await send(error(known?.code ?? 'bug', known?.message ?? 'Something went wrong in the service.'));
    }
  };

  socket.on('message', (data, isBinary) => {
    alive = true;
    waiting++;
    if (waiting >= MOST_WAITING) socket.pause();
    // A send that fails ends the pump as well, which tells why.
    work = work
      .then(() => take(data, isBinary))
      .catch(() => undefined)
      .finally(() => {
        waiting--;
        if (waiting < MOST_WAITING && socket.isPaused) socket.resume();
      });
  });
  socket.on('pong', () => {
    alive = true;
  });
  socket.on('close', () => gone.abort(new DOMException('the viewer has gone', 'AbortError')));
  // Frames against the specification, too large ones, a broken connection: `close` follows.
  socket.on('error', (failure) => log.debug({ error: failure.message }, 'console connection broke'));

  let code: number = CLOSE.broken;
  let reason = '';
  try {
    await Promise.race([pump(), beat()].map((part) => neverUnhandled(part)));
  } catch (failure) {
    [code, reason] = reasonOf(failure, closing);
    if (code === CLOSE.broken && !gone.signal.aborted) log.error({ error: errorText(failure) }, 'console broken off');
  } finally {
    if (!gone.signal.aborted) await closeSocket(socket, code, reason, clock, gone.signal);
    gone.abort(new DOMException('the connection is over', 'AbortError'));
    await work;
  }
}

/** Nothing was sent for so long that nobody can be there. */
class IdleError extends Error {}

/** The first of two parts to end decides; how the other ends is then of no interest. */
function neverUnhandled<T>(part: Promise<T>): Promise<T> {
  part.catch(() => undefined);
  return part;
}

function reasonOf(failure: unknown, closing: AbortSignal): [code: number, reason: string] {
  if (closing.aborted || failure instanceof UnreachableError) return [CLOSE.serviceEnds, 'the service ends'];
  if (failure instanceof IdleError) return [CLOSE.idle, 'idle'];
  if (failure instanceof NotFoundError) return [CLOSE.machineRemoved, 'the machine was removed'];
  if (failure instanceof DeadlineError) return [CLOSE.tooSlow, 'too slow: come back with from'];
  if (failure instanceof HttpError) return [CLOSE.rightsEnded, failure.message.slice(0, LONGEST_REASON)];
  return [CLOSE.broken, 'an error in the service itself'];
}

/** Closes with a code, and cuts a client that does not answer or takes nothing. */
async function closeSocket(
  socket: WebSocket,
  code: number,
  reason: string,
  clock: Clock,
  gone: AbortSignal,
): Promise<void> {
  if (socket.isPaused) socket.resume();
  socket.close(code, reason);
  // Ends early when the client has closed, which is how it should be.
  await clock.sleep(CLOSE_MS, gone).catch(() => undefined);
  socket.terminate();
}

function parseOrder(text: string) {
  try {
    return consoleClientMessageSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // No JSON: the caller tells the client.
    return undefined;
  }
}

function error(code: string, message: string): ConsoleServerMessageBody {
  return { type: 'error', code, message };
}
