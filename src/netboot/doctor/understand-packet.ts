import type { Answered, Asked } from '../../domain/boot/diagnosis/observation.ts';
import type { InterfaceMode } from '../../domain/boot-policy.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { NO_ADDRESS } from '../../protocols/dhcp/ipv4.ts';
import { decodeDhcpMessage, macOf, messageTypeOf } from '../../protocols/dhcp/message.ts';
import { addressOption, textOption } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';
import { DISCOVERY_CONTROL, decodePxeVendorOptions, PXE_VENDOR_OPTION } from '../../protocols/pxe/vendor-options.ts';
import { SCRIPT_NAME } from '../boot-urls.ts';
import { understandDhcp } from '../dhcp/understand.ts';
import type { TappedPacket } from '../packet-tap.ts';

/** A DHCP message of the machine or to it, and the address that is the machine's by it; null where it says of none. */
export type UnderstoodPacket = { readonly seen: Asked | Answered; readonly address: string | null };

/** Where it was heard, and our own addresses. */
export type PacketPlace = { readonly mode: InterfaceMode; readonly ours: readonly string[] };

/** Reads a tapped DHCP datagram; undefined for what cannot be read. Never throws for a remote's bytes. */
export function understandPacket(packet: TappedPacket, place: PacketPlace, at: number): UnderstoodPacket | undefined {
  try {
    return packet.direction === 'in' ? asked(packet, place, at) : answered(packet, at);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function asked(packet: TappedPacket, { mode, ours }: PacketPlace, at: number): UnderstoodPacket | undefined {
  const request = understandDhcp(packet.data);
  if (typeof request === 'string') return undefined;
  const { message, client, type, mac } = request;
  const speaker = client.loader === 'ipxe' ? 'ipxe' : client.client === 'other' ? 'system' : 'firmware';
  const requested = addressOption(message.options, DHCP_OPTION.requestedAddress) ?? null;
  const chosen = addressOption(message.options, DHCP_OPTION.serverIdentifier) ?? null;
  const channel = packet.protocol === 'proxy' ? 'proxy' : 'dhcp';
  return {
    address: message.ciaddr !== NO_ADDRESS ? message.ciaddr : type === 'request' ? requested : null,
    seen: {
      ...{ kind: 'asked', at, channel, type, speaker, mac, interface: packet.interface, mode },
      relay: message.giaddr === NO_ADDRESS ? null : message.giaddr,
      architecture: client.architectures[0] ?? null,
      chosen,
      foreign: chosen !== null && !ours.includes(chosen),
      configured: message.ciaddr !== NO_ADDRESS,
      heardOffers: speaker === 'ipxe' && type === 'discover' ? offersHeard(message.secs) : null,
    },
  };
}

/** iPXE counts in `secs` instead of seconds: (tries << 2) | an offer was heard << 1 | a proxy's was heard. @see iPXE src/net/udp/dhcp.c */
function offersHeard(secs: number): 'none' | 'some' {
  return (secs & 3) === 0 ? 'none' : 'some';
}

function answered({ data, mac, protocol }: TappedPacket, at: number): UnderstoodPacket | undefined {
  const message = decodeDhcpMessage(data);
  const type = messageTypeOf(message);
  const of = mac ?? macOf(message);
  if (of === undefined || (type !== 'offer' && type !== 'ack' && type !== 'nak')) return undefined;
  const file = textOption(message.options, DHCP_OPTION.bootFileName) || message.file;
  const isScript = file.startsWith('http') && file.endsWith(`/${SCRIPT_NAME}`);
  const vendorClass = textOption(message.options, DHCP_OPTION.vendorClass) ?? '';
  const sentOn = file === '' && vendorClass !== '' && !hasMenu(message.options.get(DHCP_OPTION.vendorSpecific));
  return {
    address: message.yiaddr === NO_ADDRESS || type === 'nak' ? null : message.yiaddr,
    seen: {
      ...{ kind: 'answered', at, channel: protocol === 'proxy' ? 'proxy' : 'dhcp', type, mac: of },
      server: addressOption(message.options, DHCP_OPTION.serverIdentifier) ?? null,
      names: isScript ? 'script' : file !== '' ? 'loader' : sentOn ? 'boot-server' : 'nothing',
      // Of a URL the last part: the rest is the same for all.
      file: isScript || file === '' ? null : (file.split('/').at(-1) ?? null),
    },
  };
}

/** A message for the screen in place of a boot, as a menu; with discovery control 8 the file of the answer counts. */
function hasMenu(vendor: Buffer | undefined): boolean {
  if (vendor === undefined) return false;
  const options = decodePxeVendorOptions(vendor);
  const control = options.get(PXE_VENDOR_OPTION.discoveryControl)?.[0] ?? 0;
  return options.has(PXE_VENDOR_OPTION.bootMenu) || (control & DISCOVERY_CONTROL.bootOfferedFile) !== 0;
}
