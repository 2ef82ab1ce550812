import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';

/** Bytes in front of the characters; payload sizes that a controller states include them. @see Table 15-2 */
export const SOL_HEADER_BYTES = 4;

/** Numbers run from 1 to 15 and then from 1 again; 0 stands for "none". @see IPMI v2.0 rev. 1.1 §15.9, Table 15-2 */
export const SOL_SEQUENCES = 15;

/** What both directions share. */
type SolHeader = {
  /** 1 to 15, wants an acknowledgement; 0: informational, wants none. */
  readonly sequence: number;
  /** The packet that is acknowledged; 0: none. */
  readonly acknowledgedSequence: number;
  /** How many characters of that packet were accepted. */
  readonly acceptedCharacters: number;
  /** The packet named was not accepted, or not all of it: wait before sending more. */
  readonly nack: boolean;
  /** At most 255. A view of what was decoded. */
  readonly characters: Buffer;
};

/** A packet from the remote console to the controller, its operation bits spelt out. */
export type SolConsolePacket = SolHeader & {
  readonly ringIndicator: boolean;
  /** A break of about 300 ms on the line. */
  readonly generateBreak: boolean;
  /** Clear To Send is taken away: the machine is to stop sending. */
  readonly pause: boolean;
  /** Data Carrier Detect and Data Set Ready are taken away. */
  readonly dropCarrier: boolean;
  /** Drop what was sent to the machine and has not reached it. */
  readonly flushInbound: boolean;
  /** Drop what came from the machine and has not been sent. */
  readonly flushOutbound: boolean;
};

/** A packet from the controller to the remote console, its status bits spelt out. */
export type SolControllerPacket = SolHeader & {
  /** The machine is off or in reset: nothing passes. */
  readonly transferUnavailable: boolean;
  /** The payload is, or is being, deactivated. */
  readonly deactivated: boolean;
  /** Characters from the machine were dropped between the packet before and this one. */
  readonly overrun: boolean;
  /** The machine sent a break. */
  readonly breakDetected: boolean;
};

const NACK = 0x40;
const RING_INDICATOR = 0x20;
const GENERATE_BREAK = 0x10;
const PAUSE = 0x08;
const DROP_CARRIER = 0x04;
const FLUSH_INBOUND = 0x02;
const FLUSH_OUTBOUND = 0x01;
const TRANSFER_UNAVAILABLE = 0x20;
const DEACTIVATED = 0x10;
const OVERRUN = 0x08;
const BREAK_DETECTED = 0x04;

/** Nothing acknowledged, nothing asked for, no characters. */
const EMPTY: SolHeader = {
  sequence: 0,
  acknowledgedSequence: 0,
  acceptedCharacters: 0,
  nack: false,
  characters: Buffer.alloc(0),
};

export const EMPTY_CONSOLE_PACKET: SolConsolePacket = {
  ...EMPTY,
  ringIndicator: false,
  generateBreak: false,
  pause: false,
  dropCarrier: false,
  flushInbound: false,
  flushOutbound: false,
};

export const EMPTY_CONTROLLER_PACKET: SolControllerPacket = {
  ...EMPTY,
  transferUnavailable: false,
  deactivated: false,
  overrun: false,
  breakDetected: false,
};

/**
 * Reads a SOL packet from a remote console.
 *   0  bits 3:0 packet sequence number
 *   1  bits 3:0 acknowledged sequence number
 *   2  accepted character count
 *   3  operation: bit 6 NACK, 5 ring, 4 break, 3 CTS pause, 2 drop DCD/DSR, 1 flush inbound, 0 flush outbound
 *   4  characters, possibly none
 * @throws DecodeError when shorter than 4 bytes
 * @see IPMI v2.0 rev. 1.1 §15.9, Table 15-2
 */
export function decodeSolConsolePacket(reader: ByteReader): SolConsolePacket {
  const { operation, ...header } = decodeHeader(reader);
  return {
    ...header,
    ringIndicator: (operation & RING_INDICATOR) !== 0,
    generateBreak: (operation & GENERATE_BREAK) !== 0,
    pause: (operation & PAUSE) !== 0,
    dropCarrier: (operation & DROP_CARRIER) !== 0,
    flushInbound: (operation & FLUSH_INBOUND) !== 0,
    flushOutbound: (operation & FLUSH_OUTBOUND) !== 0,
  };
}

/**
 * Reads a SOL packet from a controller: as the other direction, but
 *   3  status: bit 6 NACK, 5 transfer unavailable, 4 deactivated or deactivating, 3 overrun, 2 break detected
 * @throws DecodeError when shorter than 4 bytes
 * @see IPMI v2.0 rev. 1.1 §15.9, Table 15-2
 */
export function decodeSolControllerPacket(reader: ByteReader): SolControllerPacket {
  const { operation, ...header } = decodeHeader(reader);
  return {
    ...header,
    transferUnavailable: (operation & TRANSFER_UNAVAILABLE) !== 0,
    deactivated: (operation & DEACTIVATED) !== 0,
    overrun: (operation & OVERRUN) !== 0,
    breakDetected: (operation & BREAK_DETECTED) !== 0,
  };
}

/** Writes a SOL packet of a remote console. @see IPMI v2.0 rev. 1.1 §15.9, Table 15-2 */
export function encodeSolConsolePacket(packet: SolConsolePacket): Buffer {
  return encode(
    packet,
    (packet.ringIndicator ? RING_INDICATOR : 0) |
      (packet.generateBreak ? GENERATE_BREAK : 0) |
      (packet.pause ? PAUSE : 0) |
      (packet.dropCarrier ? DROP_CARRIER : 0) |
      (packet.flushInbound ? FLUSH_INBOUND : 0) |
      (packet.flushOutbound ? FLUSH_OUTBOUND : 0),
  );
}

/** Writes a SOL packet of a controller. @see IPMI v2.0 rev. 1.1 §15.9, Table 15-2 */
export function encodeSolControllerPacket(packet: SolControllerPacket): Buffer {
  return encode(
    packet,
    (packet.transferUnavailable ? TRANSFER_UNAVAILABLE : 0) |
      (packet.deactivated ? DEACTIVATED : 0) |
      (packet.overrun ? OVERRUN : 0) |
      (packet.breakDetected ? BREAK_DETECTED : 0),
  );
}

/** The number after `sequence`: 1 after 15, and after 0. @see §15.9 */
export function nextSolSequence(sequence: number): number {
  return (sequence % SOL_SEQUENCES) + 1;
}

/** "SOL 3, acks 7 (12 characters), 5 characters, flags break". */
export function describeSolPacket(packet: SolConsolePacket | SolControllerPacket): string {
  const { sequence, acknowledgedSequence, acceptedCharacters, characters } = packet;
  const flags = Object.entries(packet).flatMap(([name, value]) => (value === true ? [name] : []));
  const acknowledges =
    acknowledgedSequence === 0 ? '' : `, acks ${acknowledgedSequence} (${acceptedCharacters} characters)`;
  return `SOL ${sequence}${acknowledges}, ${characters.length} characters${flags.length === 0 ? '' : `, flags ${flags.join(' ')}`}`;
}

function decodeHeader(reader: ByteReader): SolHeader & { readonly operation: number } {
  const sequence = reader.u8('packet sequence number') & 0x0f;
  const acknowledgedSequence = reader.u8('acknowledged sequence number') & 0x0f;
  const acceptedCharacters = reader.u8('accepted character count');
  const operation = reader.u8('operation or status');
  const characters = reader.rest();
  return { sequence, acknowledgedSequence, acceptedCharacters, nack: (operation & NACK) !== 0, characters, operation };
}

function encode(packet: SolHeader, operation: number): Buffer {
  const writer = new ByteWriter(SOL_HEADER_BYTES + packet.characters.length);
  writer.u8(packet.sequence).u8(packet.acknowledgedSequence).u8(packet.acceptedCharacters);
  writer.u8((packet.nack ? NACK : 0) | operation).bytes(packet.characters);
  return writer.done();
}
