import type { UdpPeer } from '../../foundation/udp.ts';
import { type ReceiveWindow, receiveSequence } from '../../protocols/ipmi/receive-window.ts';

/** Window of an RMCP+ session: so far ahead of the highest number, so far behind it. @see IPMI v2.0 rev. 1.1 §6.12.13 */
const AHEAD = 15;
const BEHIND = 16;
/** Window of a v1.5 session. @see IPMI v2.0 rev. 1.1 §6.12.12 */
const V15_WINDOW = 8;

export function sameSource(a: UdpPeer, b: UdpPeer): boolean {
  return a.port === b.port && a.address === b.address;
}

/** The window after this number, or undefined when it is not new or outside the window of the book. */
export function receiveStrictly(window: ReceiveWindow, sequence: number): ReceiveWindow | undefined {
  return within(window, sequence, AHEAD, BEHIND) ? receiveSequence(window, sequence) : undefined;
}

/** As {@link receiveStrictly}, for a v1.5 session. */
export function receiveStrictlyV15(window: ReceiveWindow, sequence: number): ReceiveWindow | undefined {
  return within(window, sequence, V15_WINDOW, V15_WINDOW) ? receiveSequence(window, sequence) : undefined;
}

/** A window that takes `first` and what may follow, but nothing from before. */
export function windowFrom(first: number): ReceiveWindow {
  return { highest: (first - 1) >>> 0, seen: 0xffff_ffff };
}

function within({ highest }: ReceiveWindow, sequence: number, ahead: number, behind: number): boolean {
  if (highest === undefined) return true;
  const step = (sequence - highest) | 0;
  return step <= ahead && step >= -behind;
}
