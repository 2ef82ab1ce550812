import { chmodSync, existsSync, unlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../foundation/clock.ts';
import { ConfigError, errorText } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import type { ListenOptions } from './parts.ts';

/** A request must be here within these times; answers may take as long as they need (live feeds). */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const KEEP_ALIVE_MS = 60_000;
const MOST_CONNECTIONS = 4096;
/** Owner and group of the socket's file; its folder decides who else gets there. */
const SOCKET_MODE = 0o660;

export type ServerParts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly handle: RequestListener;
  /** Takes over connections whose requests it wants. */
  readonly upgrades: {
    wants(request: IncomingMessage): boolean;
    take(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  };
  /** Called when closing begins: ends live feeds. */
  readonly close: () => Promise<void>;
};

export type ServerOptions = {
  readonly listen: ListenOptions;
  readonly graceMs: number;
  readonly onListening?: (where: { readonly url: string; readonly port: number | null }) => void;
};

/**
 * Serves until the signal fires, then lets requests end within the grace time.
 * @throws ConfigError when the address or socket cannot be listened on
 */
export async function serveHttp(parts: ServerParts, options: ServerOptions, signal: AbortSignal): Promise<void> {
  const { clock, log, handle, upgrades, close } = parts;
  signal.throwIfAborted();
  const server = createServer(
    {
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // All else that asks for another protocol is answered as if it had not, as HTTP has it (RFC 9110 §7.8).
      shouldUpgradeCallback: (request) => upgrades.wants(request),
    },
    handle,
  );
  server.on('upgrade', (request, socket, head) => upgrades.take(request, socket, head));
  server.maxConnections = MOST_CONNECTIONS;
  await listenOn(server, options.listen);
  const failed = new Promise<never>((_resolve, reject) => server.once('error', reject));
  const where = whereabouts(server, options.listen);
  log.info(where, 'API listening');
  options.onListening?.(where);
  try {
    await Promise.race([aborted(signal), failed]);
  } finally {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const grace = new AbortController();
    const late = clock.sleep(options.graceMs, grace.signal).then(
      () => server.closeAllConnections(),
      () => undefined,
    );
    await close();
    server.closeIdleConnections();
    await closed;
    grace.abort();
    await late;
  }
}

async function listenOn(server: Server, listen: ListenOptions): Promise<void> {
  if (listen.socket !== undefined) await removeStaleSocket(listen.socket);
  const target = listen.socket === undefined ? { host: listen.address, port: listen.port } : { path: listen.socket };
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => {
      const what = listen.socket ?? `${listen.address}:${listen.port}`;
      reject(
        new ConfigError(`API cannot listen on ${what}: ${errorText(error)}; see listen in the configuration`, {
          cause: error,
        }),
      );
    };
    server.once('error', fail);
    server.listen(target, () => {
      server.off('error', fail);
      if (listen.socket !== undefined) chmodSync(listen.socket, SOCKET_MODE);
      resolve();
    });
  });
}

/** A killed process leaves its socket behind; one that still answers belongs to another instance. */
async function removeStaleSocket(path: string): Promise<void> {
  if (!existsSync(path)) return;
  const answers = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
  if (answers) throw new ConfigError(`API cannot listen on ${path}: it is in use, or is no socket`);
  unlinkSync(path);
}

function whereabouts(server: Server, listen: ListenOptions): { url: string; port: number | null } {
  const address = server.address();
  if (listen.socket !== undefined || address === null || typeof address === 'string') {
    return { url: `unix:${listen.socket ?? ''}`, port: null };
  }
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return { url: `http://${host}:${address.port}`, port: address.port };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
