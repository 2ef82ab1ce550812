import { HttpError } from './http-error.ts';

export type CallKind = 'read' | 'write';

/** Requests of the API that wait for a machine's controller. */
export type BmcLine = {
  /**
   * Resolves when it is the caller's turn with the controller of this machine; the turn lasts until the result is
   * disposed. Reads wait for reads and writes for writes: a list of a slow controller takes minutes, and no page that
   * shows one keeps an operator waiting.
   * @param signal leaves the line when it fires first
   * @throws HttpError `bmc-busy` when as many of this kind wait as may
   */
  turn(machineId: string, kind: CallKind, signal: AbortSignal): Promise<Disposable>;
};

type Waiting = { readonly goOn: () => void };

/** One call lasts a second; a controller that answers nothing takes far longer, and then it is no use to hurry. */
const RETRY_AFTER_SECONDS = 5;

/**
 * One read and one write at a time to each machine's controller. They share a session, in which each command waits for
 * the one before: without the line a page that polls would make everybody wait, runs too.
 * @param mostWaiting how many calls of one kind may wait for one machine. Default 8
 */
export function createBmcLine({ mostWaiting = 8 }: { readonly mostWaiting?: number } = {}): BmcLine {
  /** By kind and machine; in here while somebody has the turn. */
  const lines = new Map<string, Waiting[]>();
  return {
    async turn(machineId, kind, signal) {
      signal.throwIfAborted();
      const name = `${kind} ${machineId}`;
      const line = lines.get(name);
      if (line === undefined) lines.set(name, []);
      else await wait(line, signal);
      return turnOf(name);
    },
  };

  async function wait(line: Waiting[], signal: AbortSignal): Promise<void> {
    if (line.length >= mostWaiting) throw busy(mostWaiting);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { goOn: resolve };
    const leave = (): void => {
      const place = line.indexOf(waiting);
      // Whoever was called up already has the turn, and gives it back by itself.
      if (place >= 0) line.splice(place, 1);
      reject(signal.reason);
    };
    line.push(waiting);
    signal.addEventListener('abort', leave, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  function turnOf(name: string): Disposable {
    let over = false;
    return {
      [Symbol.dispose]() {
        if (over) return;
        over = true;
        const next = lines.get(name)?.shift();
        if (next === undefined) lines.delete(name);
        else next.goOn();
      },
    };
  }
}

function busy(mostWaiting: number): HttpError {
  return new HttpError('bmc-busy', `${mostWaiting} requests wait for this machine's BMC already`, {
    headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
    details: { hint: 'Ask again in some seconds, and less often.' },
  });
}
