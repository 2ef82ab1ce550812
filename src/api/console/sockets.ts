import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ConsoleSeat } from '../../domain/ports/consoles.ts';
import { randomId } from '../../foundation/entropy.ts';
import { InvalidRequestError } from '../../foundation/errors.ts';
import { mayDo, type Permission } from '../access.ts';
import type { Authenticate, Caller } from '../authentication.ts';
import { HttpError } from '../http-error.ts';
import { forbidden } from '../mount.ts';
import type { ApiParts } from '../parts.ts';
import { problemOf } from '../problem.ts';
import { consoleQuery } from '../schema/console.ts';
import { validate } from '../validation.ts';
import { requireSameOrigin } from './origin.ts';
import { recordReconnect } from './reconnect.ts';
import { refuseUpgrade } from './refuse.ts';
import { type ConsoleSocketOptions, serveConsole } from './serve-console.ts';

/** Consoles over WebSockets, beside the routes. */
export type ConsoleSockets = {
  /** Whether a request asks for a console; all other upgrades are ordinary requests. */
  wants(request: IncomingMessage): boolean;
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends all connections and waits until they have ended. */
  close(): Promise<void>;
};

export type ConsoleSocketsOptions = ConsoleSocketOptions & {
  /** Connections at the same time, those that are being opened included. Default 500. */
  readonly most?: number;
};

const PATH = /^\/api\/v1\/machines\/([^/?]+)\/console(?:\?|$)/;
/** A frame of a client; more than a person pastes into a serial line at once. */
const LARGEST_FRAME = 64 * 1024;
const NEEDED = { view: 'console.read', write: 'console.write' } as const satisfies Record<string, Permission>;

export function createConsoleSockets(
  parts: ApiParts,
  authenticate: Authenticate,
  options: ConsoleSocketsOptions = {},
): ConsoleSockets {
  const { machines, consoles, timeline, clock, entropy, log } = parts;
  const { most = 500 } = options;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: LARGEST_FRAME,
    // Console output is small, and a compressed frame may be a bomb.
    perMessageDeflate: false,
    handleProtocols: () => false,
  });
  const closing = new AbortController();
  const open = new Set<Promise<void>>();

  const mayEnter = async (request: IncomingMessage, permission: Permission): Promise<Caller> => {
    const caller = await authenticate(request);
    if (caller.via === 'session') requireSameOrigin(request);
    if (!mayDo(caller.role, permission)) throw forbidden(caller.name, caller.role, permission);
    return caller;
  };

  const serve = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const requestId = randomId(entropy, 12);
    const gone = new AbortController();
    socket.on('error', () => gone.abort(new DOMException('the client has gone', 'AbortError')));
    socket.once('close', () => gone.abort(new DOMException('the client has gone', 'AbortError')));
    const over = AbortSignal.any([gone.signal, closing.signal]);
    let seat: ConsoleSeat | undefined;
    try {
      const { name: actor, role } = await mayEnter(request, 'console.read');
      const { name, query } = placeOf(request);
      const permission = NEEDED[query.mode];
      if (!mayDo(role, permission)) throw forbidden(actor, role, permission);
      // This one is among them.
      if (open.size > most) throw tooMany(most);
      const machine = await machines.get(name);
      const from = query.from === undefined ? {} : { from: query.from };
      seat = await consoles.attach(machine, { actor, ...from }, over);
      over.throwIfAborted();
      const webSocket = await upgrade(request, socket, head, gone.signal);
      const viewer = log.child({ requestId, machineId: machine.id, caller: actor, mode: query.mode });
      viewer.info({}, 'console opened');
      await serveConsole(
        webSocket,
        {
          ...{ clock, seat, mode: query.mode, closing: closing.signal, log: viewer },
          check: () => mayEnter(request, permission),
          recordReconnect: (steal) => recordReconnect(timeline, machine.id, { actor, steal }),
        },
        options,
      );
      viewer.info({}, 'console closed');
    } catch (error) {
      if (gone.signal.aborted) return;
      const failure = closing.signal.aborted ? new HttpError('not-ready', 'the service ends') : error;
      const problem = problemOf(failure, requestId);
      const fields = { requestId, path: 'console', status: problem.status, code: problem.body.code };
      if (problem.status === 500) log.error({ ...fields, error }, 'request failed');
      else log.debug(fields, problem.body.detail);
      refuseUpgrade(request, socket, problem, requestId);
    } finally {
      await seat?.[Symbol.asyncDispose]();
    }
  };

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer, gone: AbortSignal): Promise<WebSocket> =>
    new Promise((resolve, reject) => {
      gone.addEventListener('abort', () => reject(gone.reason), { once: true });
      // A handshake that is none is answered by it with 400 and the connection's end.
      server.handleUpgrade(request, socket, head, resolve);
    });

  return {
    wants: ({ method, headers, url = '' }) =>
      method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && PATH.test(url),
    take(request, socket, head) {
      const served = serve(request, socket, head).catch((error: unknown) => {
        log.error({ error }, 'console connection failed');
        socket.destroy();
      });
      open.add(served);
      served.finally(() => open.delete(served)).catch(() => undefined);
    },
    async close() {
      closing.abort(new DOMException('the service ends', 'AbortError'));
      await Promise.allSettled(open);
    },
  };
}

function placeOf({ url = '' }: IncomingMessage) {
  const [, name = ''] = PATH.exec(url) ?? [];
  const query = Object.fromEntries(new URLSearchParams(url.slice(url.indexOf('?') + 1 || url.length)));
  return { name: decoded(name), query: validate(consoleQuery, query, 'query') };
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch (error) {
    throw new InvalidRequestError('the request is malformed: its path cannot be read', { cause: error });
  }
}

function tooMany(count: number): HttpError {
  return new HttpError('too-many-consoles', `${count} consoles are open, which is the most there may be`, {
    headers: { 'Retry-After': '10' },
  });
}
