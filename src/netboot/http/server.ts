import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Meter } from '../../foundation/meter.ts';
import type { BootHandler } from './boot-handler.ts';

export type BootServerDeps = { readonly handler: BootHandler; readonly log: Log; readonly meter: Meter };

export type BootServerOptions = {
  /** Open connections at once; further ones are closed as they come. Default 4096. */
  readonly maximumConnections?: number;
  /** Of them from one address, so that no single machine takes them all. Default 128. */
  readonly maximumConnectionsPerAddress?: number;
  /** How long nothing may move on a connection, ms. Default 120 000. */
  readonly idleMs?: number;
  /** How long a request's head may take, ms. Default 15 000. */
  readonly requestMs?: number;
};

/** A key and certificates, PEM, for HTTPS. */
export type KeyAndCertificates = { readonly key: string; readonly cert: string };

/** EDK2 sends HEAD and GET on one connection, with seconds between when it asks the user or the disk. */
const KEEP_ALIVE_MS = 30_000;
/** Node looks for late requests this often. */
const CHECK_MS = 2000;
/** A boot loader's request is a few lines; an iPXE URL has 4 KiB at most. */
const MOST_HEADER_BYTES = 8 * 1024;
const MOST_HEADERS = 64;

/** An HTTP/1.1 server, or with a key an HTTPS server, that is bounded in everything a client can make it keep. */
export function createBootServer(
  { handler, log, meter }: BootServerDeps,
  options: BootServerOptions,
  tls?: KeyAndCertificates,
): Server | TlsServer {
  const { maximumConnections = 4096, idleMs = 120_000, requestMs = 15_000 } = options;
  const last = new WeakMap<Duplex, ServerResponse>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    last.set(request.socket, response);
    handler(request, response);
  };
  const limits = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, requestMs),
    maxHeaderSize: MOST_HEADER_BYTES,
    noDelay: true,
  };
  const server =
    tls === undefined
      ? createServer(limits, answer)
      : // TLS 1.2 with RSA key exchange and CBC is all that older iPXE has; Node's own list of ciphers includes both.
        createTlsServer({ ...limits, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: requestMs }, answer);
  server.maxHeadersCount = MOST_HEADERS;
  // Ends a connection on which nothing moves: a machine that was switched off in the middle never says so.
  server.timeout = idleMs;
  server.on('error', (error) => log.error({ error: errorText(error) }, 'boot HTTP server'));
  limitConnections(server, maximumConnections, options.maximumConnectionsPerAddress ?? 128, meter);
  server.on('tlsClientError', (error) => {
    meter.count('netboot_http_dropped', { why: 'tls' });
    log.debug({ error: errorText(error) }, 'TLS handshake failed');
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const status = STATUS_OF_FAULT[error.code ?? ''] ?? '400 Bad Request';
    meter.count('netboot_http_dropped', { why: 'bad-request' });
    // Nothing was understood of it, so nobody knows where the next request would begin; and an answer that is just leaving
    // must not have this one in its middle.
    const before = last.get(socket);
    const free = before === undefined || before.writableFinished;
    // Of a broken connection or TLS session nobody reads an answer.
    const understandable = /^(HPE_|ERR_HTTP_)/.test(error.code ?? '');
    if (!free || !understandable || !socket.writable || !(socket instanceof Socket)) return void socket.destroy();
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    socket.destroySoon();
  });
  // Who waits for leave to send a body gets none; CONNECT is a tunnel, and there is none.
  server.on('checkContinue', answer);
  server.on('connect', (_request, socket) => socket.destroy());
  return server;
}

function limitConnections(server: Server, most: number, mostOfOne: number, meter: Meter): void {
  const open = new Map<string, number>();
  let all = 0;
  // Node tells nobody when a connection ends during its handshake; those live for the handshake's time only, and are not counted.
  server.on('setSecureContext' in server ? 'secureConnection' : 'connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    all += 1;
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
      all -= 1;
    });
    if (count <= mostOfOne && all <= most) return;
    const why = all > most ? 'too-many-connections' : 'too-many-of-one-address';
    meter.count('netboot_http_dropped', { why });
    socket.destroy();
  });
}

const STATUS_OF_FAULT: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};
