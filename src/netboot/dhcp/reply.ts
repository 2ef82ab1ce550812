import { DecodeError } from '../../foundation/errors.ts';
import { NO_ADDRESS } from '../../protocols/dhcp/ipv4.ts';
import { BOOTREPLY, BROADCAST_FLAG, type DhcpMessage, MESSAGE_TYPE } from '../../protocols/dhcp/message.ts';
import { addressesValue, textValue, u8Value, u32Value } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';
import { encodeIpxeOptions, IPXE_OPTION } from '../../protocols/ipxe/encapsulated-options.ts';
import {
  DISCOVERY_CONTROL,
  decodePxeVendorOptions,
  encodePxeVendorOptions,
  PXE_VENDOR_OPTION,
} from '../../protocols/pxe/vendor-options.ts';
import { type InterfaceOptions, subnetMask } from '../options.ts';

/** What a reply says; everything else follows from the request. */
export type ReplyParts = {
  readonly type: 'offer' | 'ack' | 'nak';
  /** The address given, where one is given. */
  readonly yiaddr?: string;
  /** With `yiaddr`: for how long. Absent in answers to DHCPINFORM. */
  readonly leaseSeconds?: number;
  /** Mask, router and name servers: for clients that configure themselves by this reply. */
  readonly network?: InterfaceOptions;
  /** Boot file or script URL, at most 127 characters. */
  readonly file?: string;
  /** The request came from iPXE, which then need not wait for a proxy (RFC-less; iPXE option 175). */
  readonly toIpxe?: boolean;
  /** Send back the boot item the client asked the boot server for (option 43.71). */
  readonly echoBootItem?: boolean;
  /** Text of a refusal. */
  readonly message?: string;
};

/** Discovery control 8: no menu and no discovery, boot the file of this reply. */
const BOOT_THIS_FILE = encodePxeVendorOptions(
  new Map([[PXE_VENDOR_OPTION.discoveryControl, u8Value(DISCOVERY_CONTROL.bootOfferedFile)]]),
);
/** The reply's option 43 with the client's boot item in it; undefined when it named none that can be read. */
function bootItemReply(request: DhcpMessage): Buffer | undefined {
  const asked = request.options.get(DHCP_OPTION.vendorSpecific);
  if (asked === undefined) return undefined;
  try {
    const item = decodePxeVendorOptions(asked).get(PXE_VENDOR_OPTION.bootItem);
    if (item === undefined) return undefined;
    const control = u8Value(DISCOVERY_CONTROL.bootOfferedFile);
    return encodePxeVendorOptions(
      new Map([
        [PXE_VENDOR_OPTION.discoveryControl, control],
        [PXE_VENDOR_OPTION.bootItem, item],
      ]),
    );
  } catch (error) {
    // Option 43 belongs to whatever vendor class the client has; one we cannot read is one without a boot item.
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

const NO_PROXY_WAIT = encodeIpxeOptions(new Map([[IPXE_OPTION.noPxeDhcp, u8Value(1)]]));

/**
 * Writes a reply to a client's message.
 *
 * With a boot file, option 60 and option 43 {6: 8} always go together: EDK2 takes a reply with 60 alone for one that
 * sends it to port 4011, and ignores its file name (UefiPxeBcDxe/PxeBcDhcp4.c). `siaddr`, `sname` and option 54 name the
 * same server, since firmware reads one or another; the file is in the header, where U-Boot and shim look, and in
 * option 67 with a NUL for those who ask for that. Option 52 is never used: old ROMs misread it. Option 82 goes back
 * unchanged as the last one (RFC 3046 §2.2).
 */
export function buildReply(request: DhcpMessage, server: string, parts: ReplyParts): DhcpMessage {
  const options = new Map<number, Buffer>();
  options.set(DHCP_OPTION.messageType, u8Value(MESSAGE_TYPE[parts.type]));
  options.set(DHCP_OPTION.serverIdentifier, addressesValue([server]));
  if (parts.leaseSeconds !== undefined) options.set(DHCP_OPTION.leaseTime, u32Value(parts.leaseSeconds));
  if (parts.network !== undefined) addNetwork(options, parts.network);
  if (parts.file !== undefined) addBoot(options, request, server, parts.file, parts.echoBootItem === true);
  if (parts.toIpxe === true) options.set(DHCP_OPTION.ipxeEncapsulated, NO_PROXY_WAIT);
  if (parts.message !== undefined) options.set(DHCP_OPTION.message, textValue(parts.message));
  for (const code of ECHOED) {
    const value = request.options.get(code);
    if (value !== undefined) options.set(code, value);
  }
  const booting = parts.file !== undefined;
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
    siaddr: booting ? server : NO_ADDRESS,
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    sname: booting ? server : '',
    file: parts.file ?? '',
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

function addBoot(
  options: Map<number, Buffer>,
  request: DhcpMessage,
  server: string,
  file: string,
  echoBootItem: boolean,
): void {
  options.set(DHCP_OPTION.vendorClass, textValue('PXEClient'));
  options.set(DHCP_OPTION.vendorSpecific, (echoBootItem && bootItemReply(request)) || BOOT_THIS_FILE);
  const asked = request.options.get(DHCP_OPTION.parameterRequestList);
  if (asked?.includes(DHCP_OPTION.tftpServerName)) options.set(DHCP_OPTION.tftpServerName, textValue(server));
  if (asked?.includes(DHCP_OPTION.bootFileName)) options.set(DHCP_OPTION.bootFileName, textValue(`${file}\0`));
}
