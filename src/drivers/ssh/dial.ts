import { connect, type Socket } from 'node:net';
import { UnreachableError } from '../../foundation/errors.ts';

/**
 * Opens a TCP connection. The socket is destroyed when the signal fires, now or later, until the socket closes.
 * @throws UnreachableError when the other end refuses or is not there
 * @throws the signal's reason
 */
export function dial(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, noDelay: true });
    const onAbort = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', onAbort));
    // Stays for the socket's life: an 'error' event nobody listens to would end the process.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      reject(
        new UnreachableError(`connect to ${address}:${port}: ${error.code ?? error.message}`, {
          cause: error,
          details: { address, port, error: error.code ?? 'unknown' },
        }),
      );
    });
    socket.once('connect', () => resolve(socket));
  });
}
