import type { Server } from 'node:http';
import { createServer as createNetServer, type ListenOptions, type Server as NetServer } from 'node:net';
import { ConfigError, errorText, UnreachableError } from '../../foundation/errors.ts';

/** A server that listens. */
export type Listening = {
  readonly port: number;
  /** Ends all connections, finished or not, and settles when none is left. */
  close(): Promise<void>;
};

/**
 * Sockets on one port. libuv takes one new connection of each listening socket in a turn of the event loop (libuv 1.45 and later), and while
 * many machines fetch, a turn is long: with one socket 250 machines that came at once waited 20 s for the last script.
 */
const SOCKETS = 16;

/**
 * Lets a server listen by several sockets at once.
 * @param port 0 for any
 * @throws UnreachableError when the port cannot be had, or another socket has it already
 */
export async function listen(server: Server, address: string, port: number): Promise<Listening> {
  // Sockets that share a port are shared with other processes of the same user too, so first we see that nobody has it.
  const probe = createNetServer();
  const free = await bound(probe, { host: address, port });
  await closed(probe);
  const all: NetServer[] = [];
  const close = async (): Promise<void> => {
    const closing = all.map(closed);
    server.closeAllConnections();
    await Promise.all(closing);
  };
  try {
    const share = { host: address, port: free, reusePort: true };
    await bound(server, share);
    all.push(server);
    // An HTTPS server loses count of connections that it did not accept itself when their handshake fails (seen with Node 24).
    const sockets = 'setSecureContext' in server ? 1 : SOCKETS;
    while (all.length < sockets) {
      const further = createNetServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
        server.emit('connection', socket);
      });
      all.push(further);
      await bound(further, share);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { port: free, close };
}

/**
 * Lets a server listen by a socket that somebody else opened, as systemd does for ports below 1024. It stays the only one: others could
 * share its port only when it shares too, and belongs to our user.
 * @param what the socket, for the error's text
 * @throws ConfigError when the descriptor is no TCP socket
 */
export async function listenInherited(server: Server, fd: number, what: string): Promise<Listening> {
  const close = async (): Promise<void> => {
    const closing = closed(server);
    server.closeAllConnections();
    await closing;
  };
  try {
    const port = await bound(server, { fd });
    if (port > 0) return { port, close };
  } catch (error) {
    throw new ConfigError(`${what} is no TCP socket to listen on: ${errorText(error)}`, { cause: error });
  }
  await close();
  throw new ConfigError(`${what} is no TCP socket: its unit needs ListenStream= with a port`);
}

function bound(server: NetServer, options: ListenOptions & { readonly fd?: number }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const onError = (cause: Error): void => {
    const where = options.fd === undefined ? `${options.host}:${options.port}` : `inherited descriptor ${options.fd}`;
    reject(new UnreachableError(`listen on ${where} for HTTP boot: ${cause.message}`, { cause }));
  };
  server.once('error', onError);
  server.listen({ backlog: 1024, ...options }, () => {
    server.off('error', onError);
    const own = server.address();
    resolve(typeof own === 'object' && own !== null ? own.port : 0);
  });
  return promise;
}

function closed(server: NetServer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // Not listening is closed, too.
  server.close(() => resolve());
  return promise;
}
