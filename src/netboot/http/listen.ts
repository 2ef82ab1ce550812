import type { Server } from 'node:http';
import { createServer as createNetServer, type ListenOptions, type Server as NetServer } from 'node:net';
import { UnreachableError } from '../../foundation/errors.ts';

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

function bound(server: NetServer, options: ListenOptions): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const onError = (cause: Error): void => {
    reject(
      new UnreachableError(`listen on ${options.host}:${options.port} for HTTP boot: ${cause.message}`, { cause }),
    );
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
