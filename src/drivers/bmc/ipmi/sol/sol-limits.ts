import { SOL_HEADER_BYTES } from '../../../../protocols/ipmi/sol/sol-packet.ts';

/** Most characters of one packet: the header and they must be counted in one byte. */
const MOST_CHARACTERS = 251;
/** What every controller takes: ipmi_sim and others have a buffer of 32 bytes. */
export const SAFE_CHARACTERS = 28;
/** Larger sizes are not sizes: zeros, swapped bytes, rubbish (FreeIPMI's `solpayloadsize` boards, Asus and Supermicro). */
const LARGEST_SANE_SIZE = 259;

/** How many characters a packet to the controller may have. @param inboundPayloadSize as the controller states it */
export function maximumSolCharacters(inboundPayloadSize: number): number {
  if (inboundPayloadSize === 0 || inboundPayloadSize > LARGEST_SANE_SIZE) return SAFE_CHARACTERS;
  return Math.min(Math.max(inboundPayloadSize - SOL_HEADER_BYTES, 1), MOST_CHARACTERS);
}

/**
 * Whether the port that the controller states is the one that its session uses. Some swap its bytes. Another port is
 * not followed: most such answers are wrong (FreeIPMI's `solport` boards) or do not hold beyond a forwarded port.
 */
export function isSessionPort(statedPort: number, sessionPort: number): boolean {
  return statedPort === sessionPort || swapBytes(statedPort) === sessionPort;
}

function swapBytes(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8);
}
