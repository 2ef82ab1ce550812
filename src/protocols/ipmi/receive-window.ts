/** What one end of a session has received: the highest sequence number, and which of those just below it. */
export type ReceiveWindow = {
  /** Undefined until the first packet; its number starts the window, whatever it is. */
  readonly highest: number | undefined;
  /** Bit n is set when `highest - n` has been received. */
  readonly seen: number;
};

/**
 * How far below the highest number a late packet is still taken. The book has 16; boards that skip numbers (ASRock
 * MT-C224 counts 1, 3, 5) need more, and a bitmap keeps repeats out all the same.
 * @see IPMI v2.0 rev. 1.1 §6.12.13
 */
export const RECEIVE_WINDOW = 32;

export const emptyReceiveWindow: ReceiveWindow = { highest: undefined, seen: 0 };

/** A window in which `next` is the number that is expected first. */
export function receiveWindowFrom(next: number): ReceiveWindow {
  return { highest: (next - 1) >>> 0, seen: 0 };
}

/**
 * The window after a packet with this number, or undefined when it must be dropped: 0, received before, or too old.
 * Call it only for packets whose authentication code is right, so that a forgery cannot move the window. Any step
 * ahead (less than half the number space) is taken: the packet is authentic, so numbers between were lost or skipped.
 * @param mostAhead less, where an authentic packet may be one of an earlier session: IPMI v1.5 has one key for all
 * @see IPMI v2.0 rev. 1.1 §6.12.13
 */
export function receiveSequence(
  window: ReceiveWindow,
  sequence: number,
  mostAhead = 0x7fff_ffff,
): ReceiveWindow | undefined {
  if (sequence === 0) return undefined;
  if (window.highest === undefined) return { highest: sequence, seen: 1 };
  const ahead = (sequence - window.highest) >>> 0;
  if (ahead > mostAhead && ahead < 0x8000_0000) return undefined;
  if (ahead !== 0 && ahead < 0x8000_0000) {
    const shifted = ahead < RECEIVE_WINDOW ? window.seen << ahead : 0;
    return { highest: sequence, seen: shifted | 1 };
  }
  const behind = (window.highest - sequence) >>> 0;
  if (behind >= RECEIVE_WINDOW) return undefined;
  const bit = 1 << behind;
  return (window.seen & bit) === 0 ? { highest: window.highest, seen: window.seen | bit } : undefined;
}

/** The next number to send: 0 is never used. @see IPMI v2.0 rev. 1.1 §6.12.13 */
export function nextSequence(sequence: number): number {
  const next = (sequence + 1) >>> 0;
  return next === 0 ? 1 : next;
}
