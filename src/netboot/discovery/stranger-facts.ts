import type { StrangerFacts } from '../../domain/discovered-machine.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { formatIpv4, NO_ADDRESS } from '../../protocols/dhcp/ipv4.ts';
import type { DhcpMessage } from '../../protocols/dhcp/message.ts';
import { textOption } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';
import { decodeRelayAgentInformation } from '../../protocols/dhcp/relay-agent-information.ts';
import { architectureName } from '../../protocols/pxe/architecture.ts';
import { parseUserClasses } from '../../protocols/pxe/user-class.ts';
import type { UnderstoodRequest } from '../dhcp/understand.ts';

/** Characters kept of one text. A packet holds 1.5 kB, and an attacker fills it. */
const LONGEST_TEXT = 128;
/** Architectures and user classes kept; firmware names three at most. */
const MOST_LISTED = 8;

/** What one request tells about a machine that nobody declared. Never throws for a remote's bytes. */
export function strangerFactsOf(request: UnderstoodRequest, interfaceName: string): StrangerFacts {
  const { message, client, uuids } = request;
  const { options } = message;
  const userClass = options.get(DHCP_OPTION.userClass);
  const classes = userClass === undefined ? [] : parseUserClasses(userClass).slice(0, MOST_LISTED);
  return {
    uuids,
    architectures: client.architectures
      .slice(0, MOST_LISTED)
      .map((value) => ({ value, name: architectureName(value) })),
    client: client.client,
    loader: client.loader,
    board: client.board,
    vendorClass: shown(textOption(options, DHCP_OPTION.vendorClass)),
    userClasses: classes.flatMap((name) => shown(name) ?? []),
    hostname: shown(textOption(options, DHCP_OPTION.hostName)),
    interface: interfaceName,
    relay: relayOf(message),
    askedAddress: askedAddressOf(message),
  };
}

/**
 * All that is known after one more request: what it leaves out stays as it was, since clients say less in a DHCPREQUEST than before
 * (a Raspberry Pi no vendor class, some ROMs no UUID). An operating system that asks after the firmware does not make it less of a boot client.
 */
export function mergeStrangerFacts(before: StrangerFacts, now: StrangerFacts): StrangerFacts {
  const boots = now.client !== 'other' || now.loader === 'ipxe';
  return {
    uuids: now.uuids.length > 0 ? now.uuids : before.uuids,
    architectures: now.architectures.length > 0 ? now.architectures : before.architectures,
    client: boots && now.client !== 'other' ? now.client : before.client,
    loader: boots ? now.loader : before.loader,
    board: now.board ?? before.board,
    vendorClass: boots ? (now.vendorClass ?? before.vendorClass) : (before.vendorClass ?? now.vendorClass),
    userClasses: now.userClasses.length > 0 ? now.userClasses : before.userClasses,
    hostname: now.hostname ?? before.hostname,
    interface: now.interface,
    relay: now.relay,
    askedAddress: now.askedAddress ?? before.askedAddress,
  };
}

/** A remote's text as it may be kept and shown: on one line, printable, and short; null when nothing is left. */
function shown(text: string | undefined): string | null {
  const clean = (text ?? '').replaceAll(/\p{Cc}/gu, '').trim();
  return clean === '' ? null : clean.slice(0, LONGEST_TEXT);
}

function relayOf({ giaddr, options }: DhcpMessage): StrangerFacts['relay'] {
  const data = options.get(DHCP_OPTION.relayAgentInformation);
  if (giaddr === NO_ADDRESS && data === undefined) return null;
  try {
    const { circuitId, remoteId } = data === undefined ? {} : decodeRelayAgentInformation(data);
    return { address: giaddr, circuitId: identifier(circuitId), remoteId: identifier(remoteId) };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { address: giaddr, circuitId: null, remoteId: null };
  }
}

/** Switches write text (`Gi1/0/7`) or bytes of their own; RFC 3046 §3.1 leaves it to them. */
function identifier(data: Buffer | undefined): string | null {
  if (data === undefined || data.length === 0) return null;
  const text = data.toString('latin1');
  return (/^[\x20-\x7e]+$/.test(text) ? text : data.toString('hex')).slice(0, LONGEST_TEXT);
}

function askedAddressOf({ ciaddr, options }: DhcpMessage): string | null {
  if (ciaddr !== NO_ADDRESS) return ciaddr;
  const data = options.get(DHCP_OPTION.requestedAddress);
  return data?.length === 4 ? formatIpv4(data) : null;
}
