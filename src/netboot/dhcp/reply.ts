import { NO_ADDRESS } from '../../protocols/dhcp/ipv4.ts';
import { BOOTREPLY, BROADCAST_FLAG, type DhcpMessage, MESSAGE_TYPE } from '../../protocols/dhcp/message.ts';
import { addressesValue, textValue, u8Value, u32Value } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';
import { encodeIpxeOptions, IPXE_OPTION } from '../../protocols/ipxe/encapsulated-options.ts';
import { type InterfaceOptions, subnetMask } from '../options.ts';
import { addBootOptions, headerFile } from './boot-options.ts';
import type { BootWord } from './boot-word.ts';

/** What a reply says; everything else follows from the request. */
export type ReplyParts = {
  readonly type: 'offer' | 'ack' | 'nak';
  /** The address given, where one is given. */
  readonly yiaddr?: string;
  /** With `yiaddr`: for how long. Absent in answers to DHCPINFORM. */
  readonly leaseSeconds?: number;
  /** Mask, router and name servers: for clients that configure themselves by this reply. */
  readonly network?: InterfaceOptions;
  /** What to boot, or a message in its place. */
  readonly boot?: BootWord;
  /** The request came from iPXE, which then need not wait for a proxy (RFC-less; iPXE option 175). */
  readonly toIpxe?: boolean;
  /** Send back the boot item the client asked the boot server for (option 43.71). */
  readonly echoBootItem?: boolean;
  /** Text of a refusal. */
  readonly message?: string;
};

const NO_PROXY_WAIT = encodeIpxeOptions(new Map([[IPXE_OPTION.noPxeDhcp, u8Value(1)]]));

/**
 * Writes a reply to a client's message.
 *
 * Where there is something to boot, `siaddr`, `sname` and option 54 name the same server, since firmware reads one or another, and
 * the file is in the header, where U-Boot and shim look; the options are in `boot-options.ts`. Option 82 goes back
 * unchanged as the last one (RFC 3046 §2.2).
 */
export function buildReply(request: DhcpMessage, server: string, parts: ReplyParts): DhcpMessage {
  const options = new Map<number, Buffer>();
  options.set(DHCP_OPTION.messageType, u8Value(MESSAGE_TYPE[parts.type]));
  options.set(DHCP_OPTION.serverIdentifier, addressesValue([server]));
  if (parts.leaseSeconds !== undefined) options.set(DHCP_OPTION.leaseTime, u32Value(parts.leaseSeconds));
  if (parts.network !== undefined) addNetwork(options, parts.network);
  if (parts.boot !== undefined) addBootOptions(options, request, server, parts.boot, parts.echoBootItem === true);
  if (parts.toIpxe === true) options.set(DHCP_OPTION.ipxeEncapsulated, NO_PROXY_WAIT);
  if (parts.message !== undefined) options.set(DHCP_OPTION.message, textValue(parts.message));
  for (const code of ECHOED) {
    const value = request.options.get(code);
    if (value !== undefined) options.set(code, value);
  }
  const { boot } = parts;
  return {
    op: BOOTREPLY,
    htype: request.htype,
    hlen: request.hlen,
    hops: 0,
    xid: request.xid,
    secs: 0,
    // A process cannot send unicast to an address its client does not have yet, so the reply says what it does.
    flags: request.ciaddr === NO_ADDRESS || parts.type === 'nak' ? request.flags | BROADCAST_FLAG : request.flags,
    ciaddr: parts.type === 'nak' || parts.type === 'offer' ? NO_ADDRESS : request.ciaddr,
    yiaddr: parts.yiaddr ?? NO_ADDRESS,
    siaddr: boot === undefined ? NO_ADDRESS : server,
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    sname: boot === undefined ? '' : server,
    file: boot === undefined ? '' : headerFile(boot),
    options,
  };
}

/** Machine identifier (RFC 4578 §2.3 wants it back) and, last of all, what a relay added. */
const ECHOED = [DHCP_OPTION.clientMachineIdentifier, DHCP_OPTION.relayAgentInformation];

function addNetwork(options: Map<number, Buffer>, { address, router, dns }: InterfaceOptions): void {
  options.set(DHCP_OPTION.subnetMask, addressesValue([subnetMask(address.prefixLength)]));
  if (router !== undefined) options.set(DHCP_OPTION.router, addressesValue([router]));
  if (dns.length > 0) options.set(DHCP_OPTION.domainNameServer, addressesValue(dns));
}
