import { HttpError } from './http-error.ts';

export type CallKind = 'read' | 'write';

/** Requests of the API that wait for a machine's controller. */
export type BmcLine = {
  /**
   * Resolves when it is the caller's turn with the controller of this machine; the turn lasts until the result is
   * disposed. Writes go before reads, so that no page that polls keeps an operator waiting.
   * @param signal leaves the line when it fires first
   * @throws HttpError `bmc-busy` when as many of this kind wait as may
   */
  turn(machineId: string, kind: CallKind, signal: AbortSignal): Promise<Disposable>;
};

type Waiting = { readonly kind: CallKind; readonly goOn: () => void };

/** One call lasts a second; a controller that answers nothing takes far longer, and then it is no use to hurry. */
const RETRY_AFTER_SECONDS = 5;

/**
 * One call at a time to each machine's controller. Each has a session of its own, and controllers have room for four or
 * five of them: without the line a page that polls would take them all, from runs too.
 * @param mostWaiting how many calls of one kind may wait for one machine. Default 8
 */
export function createBmcLine({ mostWaiting = 8 }: { readonly mostWaiting?: number } = {}): BmcLine {
  /** A machine is in here while somebody has the turn. */
  const lines = new Map<string, Waiting[]>();
  return {
    async turn(machineId, kind, signal) {
      signal.throwIfAborted();
      const line = lines.get(machineId);
      if (line === undefined) lines.set(machineId, []);
      else await wait(line, kind, signal);
      return turnOf(machineId);
    },
  };

  async function wait(line: Waiting[], kind: CallKind, signal: AbortSignal): Promise<void> {
    if (line.filter((other) => other.kind === kind).length >= mostWaiting) throw busy(mostWaiting);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { kind, goOn: resolve };
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

  function turnOf(machineId: string): Disposable {
    let over = false;
    return {
      [Symbol.dispose]() {
        if (over) return;
        over = true;
        const line = lines.get(machineId) ?? [];
        const write = line.findIndex(({ kind }) => kind === 'write');
        const [next] = line.splice(Math.max(0, write), 1);
        if (next === undefined) lines.delete(machineId);
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
