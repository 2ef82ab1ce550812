import { BugError } from '../../foundation/errors.ts';
import type { Fault, FaultHook } from './faults.ts';

/** How a network treats datagrams: the share of each mishap, 0 to 1, all of them together at most 1. */
export type BadNetwork = {
  /** Lost. */
  readonly loss?: number;
  /** Arriving twice. */
  readonly duplicate?: number;
  /** Overtaken by the next one. */
  readonly reorder?: number;
  /** Arriving late. */
  readonly late?: number;
  /** With one byte changed. */
  readonly corrupt?: number;
  /** The latest that a late or reordered one arrives. Default 300 ms. */
  readonly lateMs?: number;
  /** Whether this datagram may be corrupted. Default: any. */
  readonly corruptible?: (data: Buffer) => boolean;
};

/** Repeatable chance: numbers in [0, 1) from a seed (a linear congruential generator, its upper bits). */
export function createChance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

/** A network that loses, repeats, reorders, delays and spoils datagrams, the same way for the same seed. */
export function createBadNetwork(seed: number, network: BadNetwork): FaultHook {
  const { loss = 0, duplicate = 0, reorder = 0, late = 0, corrupt = 0, lateMs = 300 } = network;
  if (loss + duplicate + reorder + late + corrupt > 1) throw new BugError('shares of mishaps exceed 1');
  const corruptible = network.corruptible ?? (() => true);
  const next = createChance(seed);
  const mishaps: readonly (readonly [number, (data: Buffer) => Fault | undefined])[] = [
    [loss, () => ({ kind: 'drop' })],
    [duplicate, () => ({ kind: 'duplicate' })],
    [reorder, () => ({ kind: 'reorder', ms: lateMs })],
    [late, () => ({ kind: 'delay', ms: Math.floor(next() * lateMs) })],
    [corrupt, (data) => (corruptible(data) ? { kind: 'rewrite', rewrite: (bytes) => spoilt(bytes, next) } : undefined)],
  ];
  return ({ data }) => {
    let roll = next();
    for (const [share, mishap] of mishaps) {
      if (roll < share) return mishap(data);
      roll -= share;
    }
    return undefined;
  };
}

/** Whether a datagram is a signed and encrypted packet of a session, by the bits of its payload type. */
export function isProtected(data: Buffer): boolean {
  return ((data[5] ?? 0) & 0xc0) === 0xc0;
}

/** One byte at a place of chance, changed for certain. */
function spoilt(data: Buffer, next: () => number): Buffer {
  const copy = Buffer.from(data);
  const at = Math.floor(next() * copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 + Math.floor(next() * 255));
  return copy;
}
