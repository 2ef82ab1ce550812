import { connect, type Socket } from 'node:net';
import type { Clock } from '../../foundation/clock.ts';
import { withDeadline } from '../../foundation/deadline.ts';
import { DeadlineError, UnreachableError } from '../../foundation/errors.ts';

/**
 * How long the other end may take to accept. A machine that is down is asked again soon, and the next try reaches it as soon as it
 * is up; one retransmission (after 1 s) fits in, so a single lost packet is no absence. Hosts further away than this are none.
 */
const ACCEPT_MS = 2_000;

/**
 * Opens a TCP connection. The socket is destroyed when the signal fires, now or later, until the socket closes.
 * @throws UnreachableError when the other end refuses, is not there, or does not answer within 2 s
 * @throws the signal's reason
 */
export async function dial(clock: Clock, address: string, port: number, signal: AbortSignal): Promise<Socket> {
  const what = `connect to ${address}:${port}`;
  let socket: Socket;
  try {
    socket = await withDeadline(clock, ACCEPT_MS, signal, what, (during) => open(what, address, port, during));
  } catch (error) {
    // Not accepted in time is this machine not being there; the whole operation's time is another matter.
    if (!(error instanceof DeadlineError) || signal.aborted) throw error;
    throw new UnreachableError(error.message, { details: { address, port, error: 'timeout' } });
  }
  const onAbort = (): void => void socket.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', onAbort));
  if (signal.aborted) onAbort();
  return socket;
}

function open(what: string, address: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, noDelay: true });
    const onAbort = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    // Stays for the socket's life: an 'error' event nobody listens to would end the process.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      signal.removeEventListener('abort', onAbort);
      const code = error.code ?? error.message;
      reject(new UnreachableError(`${what}: ${code}`, { cause: error, details: { address, port, error: code } }));
    });
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      resolve(socket);
    });
  });
}
