import type { Socket } from 'node:net';

export type Turns = {
  /**
   * Runs the work after all that was given for this connection before.
   * @returns false when too much waits for it already; nothing is run then
   */
  take(socket: Socket, work: () => Promise<void>): boolean;
};

/** Pipelining is no habit of boot loaders; whoever sends more requests than this ahead wants us to work, not to answer. */
const MOST_WAITING = 16;

/**
 * One request of a connection after the other. Node starts all that arrive together at once, each with its look-ups, its
 * open file and its place among the transfers, though only the first one's answer can leave; and it does not tell those that
 * wait when the connection ends.
 * @see RFC 9112 §9.3.2
 */
export function createTurns(): Turns {
  const lines = new WeakMap<Socket, { waiting: number; last: Promise<void> }>();
  return {
    take(socket, work) {
      const line = lines.get(socket) ?? { waiting: 0, last: Promise.resolve() };
      if (line.waiting >= MOST_WAITING) return false;
      lines.set(socket, line);
      line.waiting += 1;
      const turn = async (): Promise<void> => {
        try {
          if (!socket.destroyed) await work();
        } finally {
          line.waiting -= 1;
        }
      };
      line.last = line.waiting === 1 ? turn() : line.last.then(turn);
      // Faults are the work's own to report.
      line.last = line.last.catch(() => undefined);
      return true;
    },
  };
}
