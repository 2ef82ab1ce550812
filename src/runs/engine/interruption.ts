import type { Clock } from '../../foundation/clock.ts';

/**
 * Why a step is broken off: the service stops, the run is somebody else's now, it was cancelled, or the step's deadline
 * passed. It is the reason of the signals that steps get, so it travels through drivers untouched.
 */
export class Interruption extends Error {
  readonly kind: 'stop' | 'lease-lost' | 'cancel' | 'deadline';

  constructor(kind: Interruption['kind'], message: string) {
    super(message);
    this.name = 'Interruption';
    this.kind = kind;
  }
}

/** A signal that fires with the first of several, until it is disposed of: then the long-lived ones forget it. */
export function joined(...sources: readonly AbortSignal[]): Disposable & { readonly signal: AbortSignal } {
  const own = new AbortController();
  const links = sources.map((source) => {
    const onAbort = (): void => own.abort(source.reason);
    if (source.aborted) onAbort();
    else source.addEventListener('abort', onAbort, { once: true });
    return () => source.removeEventListener('abort', onAbort);
  });
  return {
    signal: own.signal,
    [Symbol.dispose]() {
      for (const unlink of links) unlink();
    },
  };
}

export type InterruptibleOptions = {
  /** Breaks the work off with its reason. */
  readonly signal: AbortSignal;
  /** Epoch ms: breaks it off with {@link Interruption} `deadline`. */
  readonly deadlineAt: number;
  /** How long the work may take to notice before it is left behind, milliseconds. */
  readonly graceMs: number;
};

/**
 * Runs `work` until it ends or is broken off. Work that ends well although it was told to stop has happened, so its
 * result counts; work that does not listen is left behind after the grace time.
 * @throws the signal's reason, Interruption `deadline`, or what `work` threw before any did
 */
export async function interruptible<T>(
  clock: Clock,
  { signal, deadlineAt, graceMs }: InterruptibleOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const own = new AbortController();
  const ended = new AbortController();
  const timers = [
    alarm(clock, deadlineAt, ended.signal, () => own.abort(new Interruption('deadline', 'the step has no time left'))),
  ];
  const onAbort = (): void => own.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const { promise: leftBehind, reject: leave } = Promise.withResolvers<never>();
  leftBehind.catch(() => undefined);
  own.signal.addEventListener('abort', () => {
    timers.push(alarm(clock, clock.now() + graceMs, ended.signal, () => leave(own.signal.reason)));
  });
  const working = work(own.signal);
  working.catch(() => undefined);
  try {
    return await Promise.race([working, leftBehind]);
  } catch (error) {
    throw own.signal.aborted ? own.signal.reason : error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    ended.abort();
    await Promise.all(timers);
  }
}

/** Calls `ring` at that time unless `ended` fires first. Sleeps again when the clock was set back or the timer was cut short. */
async function alarm(clock: Clock, at: number, ended: AbortSignal, ring: () => void): Promise<void> {
  try {
    for (let left = at - clock.now(); left > 0; left = at - clock.now()) await clock.sleep(left, ended);
  } catch (error) {
    if (ended.aborted) return;
    throw error;
  }
  if (!ended.aborted) ring();
}
