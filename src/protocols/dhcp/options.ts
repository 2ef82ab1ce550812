import type { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../foundation/errors.ts';

/** Option codes this service reads or writes. Others are kept by number. */
export const DHCP_OPTION = {
  pad: 0, // RFC 2132 §3.1
  subnetMask: 1, // RFC 2132 §3.3
  router: 3, // RFC 2132 §3.5
  domainNameServer: 6, // RFC 2132 §3.8
  hostName: 12, // RFC 2132 §3.14
  bootFileSize: 13, // RFC 2132 §3.15
  broadcastAddress: 28, // RFC 2132 §5.3
  vendorSpecific: 43, // RFC 2132 §8.4
  requestedAddress: 50, // RFC 2132 §9.1
  leaseTime: 51, // RFC 2132 §9.2
  overload: 52, // RFC 2132 §9.3
  messageType: 53, // RFC 2132 §9.6
  serverIdentifier: 54, // RFC 2132 §9.7
  parameterRequestList: 55, // RFC 2132 §9.8
  message: 56, // RFC 2132 §9.9
  maximumMessageSize: 57, // RFC 2132 §9.10
  renewalTime: 58, // RFC 2132 §9.11
  rebindingTime: 59, // RFC 2132 §9.12
  vendorClass: 60, // RFC 2132 §9.13
  clientIdentifier: 61, // RFC 2132 §9.14
  tftpServerName: 66, // RFC 2132 §9.4
  bootFileName: 67, // RFC 2132 §9.5
  userClass: 77, // RFC 3004 §4
  relayAgentInformation: 82, // RFC 3046 §2.0
  clientArchitecture: 93, // RFC 4578 §2.1
  clientNetworkInterface: 94, // RFC 4578 §2.2
  clientMachineIdentifier: 97, // RFC 4578 §2.3
  subnetSelection: 118, // RFC 3011 §2
  ipxeEncapsulated: 175, // iPXE include/ipxe/dhcp.h, DHCP_EB_ENCAP
  end: 255, // RFC 2132 §3.2
} as const;

/**
 * Options by code, in the order in which they first appeared. Several instances of one code are one value: RFC 3396
 * §5 has them concatenated, and only so can a value be longer than 255 bytes.
 */
export type DhcpOptions = ReadonlyMap<number, Buffer>;

/**
 * Reads a field of options.
 *   code 1, length 1, value; 0 is padding without length, 255 ends the field
 * A field without an end option is accepted: some boot ROMs send none when the field is full.
 * @param field views into it are kept in the result
 * @param into earlier fields of the same message, whose values this one continues (RFC 3396 §5)
 * @throws DecodeError when a length runs past the field
 * @see RFC 2132 §2
 */
export function decodeDhcpOptions(field: Buffer, into: Map<number, Buffer> = new Map()): Map<number, Buffer> {
  let at = 0;
  while (at < field.length) {
    const code = field.readUInt8(at++);
    if (code === DHCP_OPTION.end) break;
    if (code === DHCP_OPTION.pad) continue;
    // By hand: a text for each option, in case it is too short, costs more than reading it.
    const length = field[at];
    if (length === undefined || at + 1 + length > field.length) throw runsPast(code, length, field.length - at);
    const data = field.subarray(at + 1, at + 1 + length);
    at += 1 + length;
    const earlier = into.get(code);
    into.set(code, earlier === undefined ? data : Buffer.concat([earlier, data]));
  }
  return into;
}

function runsPast(code: number, length: number | undefined, left: number): DecodeError {
  const needs = length === undefined ? 'its length' : `${length} bytes`;
  return new DecodeError(`option ${code}: needs ${needs}, ${Math.max(0, left - 1)} left`);
}

/** Writes options in their order, then the end option. Values over 255 bytes are split (RFC 3396 §4). */
export function encodeDhcpOptions(options: DhcpOptions, writer: ByteWriter): void {
  for (const [code, data] of options) {
    if (code <= DHCP_OPTION.pad || code >= DHCP_OPTION.end) throw new DecodeError(`option code ${code} cannot be sent`);
    if (data.length <= 255) {
      writer.u8(code).u8(data.length).bytes(data);
      continue;
    }
    let offset = 0;
    do {
      const part = data.subarray(offset, offset + 255);
      writer.u8(code).u8(part.length).bytes(part);
      offset += 255;
    } while (offset < data.length);
  }
  writer.u8(DHCP_OPTION.end);
}

/** Bytes that {@link encodeDhcpOptions} writes. */
export function encodedOptionsLength(options: DhcpOptions): number {
  let length = 1;
  for (const data of options.values()) length += data.length + 2 * Math.max(1, Math.ceil(data.length / 255));
  return length;
}
