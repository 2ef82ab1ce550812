import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { formatIpv4 } from './ipv4.ts';

/** Sub-options of option 82 that a server acts on; others are only sent back. */
export const RELAY_SUBOPTION = {
  circuitId: 1, // RFC 3046 §3.1
  remoteId: 2, // RFC 3046 §3.2
  linkSelection: 5, // RFC 3527 §3
  flags: 10, // RFC 5010 §3
  serverIdentifierOverride: 11, // RFC 5107 §4
} as const;

/** Flag bit U of sub-option 10: the client's message came to the relay as unicast. @see RFC 5010 §3 */
const UNICAST_FLAG = 0x80;

export type RelayAgentInformation = {
  /** The link that the client is on, where that is not the one of `giaddr`. */
  readonly linkSelection?: string;
  /** What to call ourselves in option 54, so that renewals come through the relay. */
  readonly serverIdentifierOverride?: string;
  /** How the client's message came to the relay; absent when the relay does not say. */
  readonly received?: 'unicast' | 'broadcast';
  readonly circuitId?: Buffer;
  readonly remoteId?: Buffer;
};

/**
 * Reads option 82.
 *   code 1, length 1, value; no padding, no end
 * Of a sub-option that is there twice the first counts.
 * @param data the option's value; views into it are kept
 * @throws DecodeError when a length runs past the end, or a sub-option that is acted on has a wrong length
 * @see RFC 3046 §2.0; RFC 3527 §3; RFC 5010 §3; RFC 5107 §4
 */
export function decodeRelayAgentInformation(data: Buffer): RelayAgentInformation {
  const reader = new ByteReader(data);
  const found = new Map<number, Buffer>();
  while (reader.left > 0) {
    const code = reader.u8('relay sub-option code');
    const value = reader.bytes(reader.u8(`length of relay sub-option ${code}`), `relay sub-option ${code}`);
    if (!found.has(code)) found.set(code, value);
  }
  const linkSelection = found.get(RELAY_SUBOPTION.linkSelection);
  const override = found.get(RELAY_SUBOPTION.serverIdentifierOverride);
  const flags = found.get(RELAY_SUBOPTION.flags);
  const circuitId = found.get(RELAY_SUBOPTION.circuitId);
  const remoteId = found.get(RELAY_SUBOPTION.remoteId);
  if (flags !== undefined && flags.length !== 1) {
    throw new DecodeError(`relay sub-option ${RELAY_SUBOPTION.flags}: ${flags.length} bytes, expected 1`);
  }
  return {
    ...(linkSelection === undefined ? {} : { linkSelection: formatIpv4(linkSelection) }),
    ...(override === undefined ? {} : { serverIdentifierOverride: formatIpv4(override) }),
    ...(flags === undefined
      ? {}
      : { received: (flags.readUInt8(0) & UNICAST_FLAG) !== 0 ? ('unicast' as const) : ('broadcast' as const) }),
    ...(circuitId === undefined ? {} : { circuitId }),
    ...(remoteId === undefined ? {} : { remoteId }),
  };
}
