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
  | { readonly kind: 'rewrite'; readonly rewrite: (data: Buffer) => Buffer };

/** Asked for every datagram; undefined lets it pass. */
export type FaultHook = (point: FaultPoint) => Fault | undefined;

/** A hook that strikes the `count`-th datagram of one direction. */
export function onDatagram(direction: FaultPoint['direction'], count: number, fault: Fault): FaultHook {
  return (point) => (point.direction === direction && point.count === count ? fault : undefined);
}

/** Passes datagrams of one direction on through the hook. A delayed one is lost when `signal` fires first. */
export function createFaultyPath(
  clock: Clock,
  direction: FaultPoint['direction'],
  hook: FaultHook,
  signal: AbortSignal,
): (data: Buffer, deliver: (data: Buffer) => void) => void {
  let count = 0;
  return (data, deliver) => {
    count++;
    const fault = hook({ direction, count, data });
    switch (fault?.kind) {
      case undefined:
        return deliver(data);
      case 'drop':
        return;
      case 'duplicate':
        deliver(data);
        return deliver(Buffer.from(data));
      case 'rewrite':
        return deliver(fault.rewrite(data));
      case 'delay': {
        const gone = (): void => undefined;
        clock.sleep(fault.ms, signal).then(() => deliver(data), gone);
        return;
      }
    }
  };
}
