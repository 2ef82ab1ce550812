import type { UdpSocket } from '../foundation/udp.ts';

/** A long-lived part. `run` resolves when it is fully closed and rejects on a fatal fault. */
export type Component<Bound> = {
  run(signal: AbortSignal): Promise<void>;
  /** Settles once it serves, with what it is bound to; rejects when it cannot. */
  readonly ready: Promise<Bound>;
};

export type Readiness<Bound> = {
  readonly ready: Promise<Bound>;
  resolve(bound: Bound): void;
  reject(error: unknown): void;
};

/** A promise that may go unread: whoever waits sees the fault, and `run` rejects with it too. */
export function createReadiness<Bound>(): Readiness<Bound> {
  const { promise, resolve, reject } = Promise.withResolvers<Bound>();
  promise.catch(() => undefined);
  return { ready: promise, resolve, reject };
}

/** Resolves when the signal fires; rejects when one of the sockets fails before. */
export async function untilAborted(signal: AbortSignal, sockets: readonly UdpSocket[]): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const onAbort = (): void => resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([promise, ...sockets.map((socket) => socket.closed)]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Runs `serve`, telling readiness when it never came to serve; an abort ends a component well. */
export async function runComponent<Bound>(
  readiness: Readiness<Bound>,
  signal: AbortSignal,
  serve: () => Promise<void>,
): Promise<void> {
  try {
    await serve();
  } catch (error) {
    readiness.reject(error);
    if (signal.aborted) return;
    throw error;
  }
  readiness.reject(signal.reason);
}
