import { IpmiClosedError } from './closed-error.ts';

/** Last parameter of every method that waits. */
export type CallOptions = {
  /** Ends the call: it rejects with the signal's reason, untouched. Default: only the call's own deadline ends it. */
  readonly signal?: AbortSignal | undefined;
};

/** The calls of one owner: each has a signal of its own, and all end with their owner. */
export type Calls = {
  /**
   * Does `work` under a signal that fires when the caller's does or when the owner is closed.
   * @throws IpmiClosedError once the owner is closed; the reason of the caller's signal
   */
  run<T>(options: CallOptions | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** @throws IpmiClosedError once the owner is closed */
  check(): void;
  /** Ends the calls under way and waits for that; later ones are refused. */
  close(): Promise<void>;
};

/** @param owner "IPMI 192.0.2.7:623 as "admin"", for the error */
export function createCalls(owner: string): Calls {
  const underWay = new Map<AbortController, Promise<unknown>>();
  let closed: IpmiClosedError | undefined;

  function check(): void {
    if (closed !== undefined) throw closed;
  }

  return {
    check,
    async run(options, work) {
      check();
      const signal = options?.signal;
      signal?.throwIfAborted();
      // Listeners are removed when the call ends, so that a signal for the life of a program gathers none.
      const own = new AbortController();
      const onAbort = (): void => own.abort(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      const working = work(own.signal);
      underWay.set(own, working);
      try {
        return await working;
      } finally {
        underWay.delete(own);
        signal?.removeEventListener('abort', onAbort);
      }
    },
    async close() {
      closed ??= new IpmiClosedError(`${owner}: closed`);
      for (const own of underWay.keys()) own.abort(closed);
      await Promise.allSettled(underWay.values());
    },
  };
}
