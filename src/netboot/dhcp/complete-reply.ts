import { DecodeError } from '../../foundation/errors.ts';
import { type DhcpMessage, encodedDhcpLength, LARGEST_MESSAGE } from '../../protocols/dhcp/message.ts';
import { addressesValue, u16Option, u32Option, u32Value } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION, type DhcpOptions } from '../../protocols/dhcp/options.ts';

export type ReplyAdditions = {
  /** Options of the operator's, in the order of their weight: the last of a code counts. */
  readonly raw: readonly DhcpOptions[];
  /** What we are called in option 54, where that is not our own address (RFC 5107). */
  readonly serverIdentifier?: string;
};

/**
 * Adds to a reply what does not depend on what is booted: T1 and T2 beside a lease time, the operator's options, what the
 * client and the relay want back; and takes away what the client has no room for.
 * @see RFC 2131 §4.4.5 (T1 half, T2 seven eighths of the lease); RFC 6842 (option 61 goes back); RFC 3011; RFC 3046 §2.2
 */
export function completeReply(reply: DhcpMessage, request: DhcpMessage, additions: ReplyAdditions): DhcpMessage {
  const options = new Map<number, Buffer>();
  for (const [code, value] of reply.options) {
    if (LAST.includes(code)) continue;
    options.set(code, value);
    if (code === DHCP_OPTION.leaseTime) addTimers(options, reply);
  }
  if (additions.serverIdentifier !== undefined) {
    options.set(DHCP_OPTION.serverIdentifier, addressesValue([additions.serverIdentifier]));
  }
  const raw = new Set<number>();
  for (const some of additions.raw) {
    for (const [code, value] of some) {
      options.set(code, value);
      raw.add(code);
    }
  }
  for (const code of ECHOED) {
    const value = request.options.get(code);
    if (value !== undefined) options.set(code, value);
  }
  for (const code of LAST) {
    const value = reply.options.get(code);
    if (value !== undefined) options.set(code, value);
  }
  const whole = { ...reply, options };
  const room = roomOf(request);
  if (encodedDhcpLength(options) <= room) return whole;
  const asked = request.options.get(DHCP_OPTION.parameterRequestList);
  const unasked = [...raw].filter((code) => asked?.includes(code) !== true);
  const requested = [...raw].filter((code) => asked?.includes(code) === true);
  return fitted(whole, room, [...unasked.reverse(), ...requested.reverse(), ...EXPENDABLE]);
}

/** Takes away what the client has no room for from a reply that is otherwise complete. */
export function fitReply(reply: DhcpMessage, request: DhcpMessage): DhcpMessage {
  return fitted(reply, roomOf(request), EXPENDABLE);
}

/** Sent back as they came. */
const ECHOED = [DHCP_OPTION.clientIdentifier, DHCP_OPTION.subnetSelection];
/** Machine identifier and, last of all, what a relay added. */
const LAST: readonly number[] = [DHCP_OPTION.clientMachineIdentifier, DHCP_OPTION.relayAgentInformation];

/**
 * What a reply can do without, the least needed first. Without option 82 the relay may not find its client, but a reply
 * with half of it is forbidden.
 */
const EXPENDABLE: readonly number[] = [
  DHCP_OPTION.clientIdentifier,
  DHCP_OPTION.message,
  DHCP_OPTION.rebindingTime,
  DHCP_OPTION.renewalTime,
  DHCP_OPTION.domainNameServer,
  DHCP_OPTION.clientMachineIdentifier,
  DHCP_OPTION.subnetSelection,
  DHCP_OPTION.relayAgentInformation,
];

/** IPv4 and UDP headers: option 57 counts the whole datagram, as ISC's and Kea's servers read it. */
const HEADERS = 28;
/** RFC 2131 §2: what every client takes, as a datagram. */
const EVERY_CLIENT_TAKES = 576;

/** Bytes of a message that the client takes. */
function roomOf(request: DhcpMessage): number {
  const datagram = Math.max(maximumSize(request) ?? EVERY_CLIENT_TAKES, EVERY_CLIENT_TAKES);
  return Math.min(datagram - HEADERS, LARGEST_MESSAGE);
}

/** A client whose option 57 makes no sense is served like one that has none. */
function maximumSize({ options }: DhcpMessage): number | undefined {
  try {
    return u16Option(options, DHCP_OPTION.maximumMessageSize);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function addTimers(options: Map<number, Buffer>, reply: DhcpMessage): void {
  const seconds = u32Option(reply.options, DHCP_OPTION.leaseTime) ?? 0;
  options.set(DHCP_OPTION.renewalTime, u32Value(Math.floor(seconds / 2)));
  options.set(DHCP_OPTION.rebindingTime, u32Value(Math.floor((seconds * 7) / 8)));
}

function fitted(message: DhcpMessage, room: number, expendable: readonly number[]): DhcpMessage {
  let length = encodedDhcpLength(message.options);
  if (length <= room) return message;
  const options = new Map(message.options);
  for (const code of expendable) {
    if (length <= room) break;
    if (options.delete(code)) length = encodedDhcpLength(options);
  }
  return { ...message, options };
}
