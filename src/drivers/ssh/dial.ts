import { connect, type Socket } from 'node:net';
import { UnreachableError } from '../../foundation/errors.ts';

/**
 * How long the other end may take to accept. A machine that is down is asked again soon, and the next try reaches it as soon as it
 * is up; one retransmission (after 1 s) fits in, so a single lost packet is no absence. Hosts further away than this are none.
 */
const ACCEPT_MS = 2_000;

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
    socket.setTimeout(ACCEPT_MS, () => {
      socket.destroy();
      reject(
        new UnreachableError(`connect to ${address}:${port}: no answer within ${ACCEPT_MS / 1000} s`, {
          details: { address, port, error: 'timeout' },
        }),
      );
    });
    socket.once('connect', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}
