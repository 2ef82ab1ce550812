import type { Clock } from '../../foundation/clock.ts';

/** A datagram on its way, before it reaches the BMC or the client. */
export type FaultPoint = {
  readonly direction: 'to-bmc' | 'from-bmc';
  /** Counts the datagrams of this direction from 1. */
  readonly count: number;
  readonly data: Buffer;
};

/** What happens to it instead of arriving once, at once, unchanged. */
export type Fault =
  | { readonly kind: 'drop' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** Arrives behind the next datagram of its direction, or alone when none comes within `ms`. */
  | { readonly kind: 'reorder'; readonly ms: number }
  | { readonly kind: 'rewrite'; readonly rewrite: (data: Buffer) => Buffer }
  /** Arrives as it is, between datagrams that nobody at either end has sent. */
  | { readonly kind: 'forge'; readonly before?: readonly Buffer[]; readonly after?: readonly Buffer[] };

/** Asked for every datagram; undefined lets it pass. */
export type FaultHook = (point: FaultPoint) => Fault | undefined;

/** A hook that strikes the `count`-th datagram of one direction. */
export function onDatagram(direction: FaultPoint['direction'], count: number, fault: Fault): FaultHook {
  return (point) => (point.direction === direction && point.count === count ? fault : undefined);
}

/** A hook that puts forged datagrams in front of each genuine one of a direction; `make` may give none. */
export function forging(direction: FaultPoint['direction'], make: (genuine: Buffer) => readonly Buffer[]): FaultHook {
  return (point) => (point.direction === direction ? { kind: 'forge', before: make(point.data) } : undefined);
}

/** The first of these hooks that strikes, does. */
export function firstOf(...hooks: readonly FaultHook[]): FaultHook {
  return (point) => {
    for (const hook of hooks) {
      const fault = hook(point);
      if (fault) return fault;
    }
    return undefined;
  };
}

/** Carries datagrams of one direction; `deliver` belongs to the one that is carried. */
export type FaultyPath = (data: Buffer, deliver: (data: Buffer) => void) => void;

/** Passes datagrams of one direction on through the hook. A delayed one is lost when `signal` fires first. */
export function createFaultyPath(
  clock: Clock,
  direction: FaultPoint['direction'],
  hook: FaultHook,
  signal: AbortSignal,
): FaultyPath {
  let count = 0;
  /** Reordered ones that wait for the next to overtake them. */
  const held = new Set<() => void>();
  const stopped = (): void => undefined;

  function later(ms: number, work: () => void): void {
    clock.sleep(ms, signal).then(work, stopped);
  }

  return (data, deliver) => {
    count++;
    const overtaken = [...held];
    const fault = hook({ direction, count, data });
    switch (fault?.kind) {
      case undefined:
        deliver(data);
        break;
      case 'drop':
        return;
      case 'duplicate':
        deliver(data);
        deliver(Buffer.from(data));
        break;
      case 'rewrite':
        deliver(fault.rewrite(data));
        break;
      case 'forge':
        for (const forged of fault.before ?? []) deliver(forged);
        deliver(data);
        for (const forged of fault.after ?? []) deliver(forged);
        break;
      case 'delay':
        later(fault.ms, () => deliver(data));
        return;
      case 'reorder': {
        const release = (): void => {
          if (held.delete(release)) deliver(data);
        };
        held.add(release);
        later(fault.ms, release);
        return;
      }
    }
    for (const release of overtaken) release();
  };
}
