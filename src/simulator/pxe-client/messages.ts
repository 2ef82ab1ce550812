import { type Entropy, nonZeroUint32 } from '../../foundation/entropy.ts';
import { NO_ADDRESS, parseMac } from '../../protocols/dhcp/ipv4.ts';
import { BOOTREQUEST, BROADCAST_FLAG, type DhcpMessage, MESSAGE_TYPE } from '../../protocols/dhcp/message.ts';
import { addressesValue, textValue, u8Value, u16Value } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';
import { encodeIpxeOptions, IPXE_OPTION } from '../../protocols/ipxe/encapsulated-options.ts';
import { formatVendorClass } from '../../protocols/pxe/client.ts';
import { formatMachineIdentifier } from '../../protocols/pxe/machine-identifier.ts';
import type { PxeClientOptions } from './options.ts';

/** Which program of the machine speaks: each is a DHCP client of its own. */
export type Speaker = 'firmware' | 'ipxe' | 'system';

export type ClientMessageParts = {
  readonly type: 'discover' | 'request' | 'inform';
  readonly speaker: Speaker;
  readonly ciaddr?: string;
  readonly requested?: string;
  readonly server?: string;
};

/** Writes what firmware, iPXE or an operating system's client would send. */
export function clientMessage(
  entropy: Entropy,
  { mac, uuid, firmware }: Pick<PxeClientOptions, 'mac' | 'uuid' | 'firmware'>,
  { type, speaker, ciaddr = NO_ADDRESS, requested, server }: ClientMessageParts,
): DhcpMessage {
  const options = new Map<number, Buffer>([[DHCP_OPTION.messageType, u8Value(MESSAGE_TYPE[type])]]);
  if (requested !== undefined) options.set(DHCP_OPTION.requestedAddress, addressesValue([requested]));
  if (server !== undefined) options.set(DHCP_OPTION.serverIdentifier, addressesValue([server]));
  if (speaker === 'system') {
    // A DUID-based identifier (RFC 4361 §6.1), unlike the firmware's: only the MAC is common to all stages.
    options.set(
      DHCP_OPTION.clientIdentifier,
      Buffer.concat([Buffer.from([255, 0, 0, 0, 1, 0, 3, 0, 1]), parseMac(mac)]),
    );
    options.set(DHCP_OPTION.parameterRequestList, Buffer.from([1, 3, 6, 12, 15, 26, 28, 51, 54, 58, 59]));
  } else {
    const architecture = firmware === 'uefi' ? 7 : 0;
    options.set(DHCP_OPTION.parameterRequestList, Buffer.from([1, 3, 6, 12, 13, 43, 54, 60, 66, 67, 97, 128, 175]));
    options.set(DHCP_OPTION.maximumMessageSize, u16Value(1472));
    options.set(DHCP_OPTION.vendorClass, textValue(formatVendorClass('PXEClient', architecture)));
    options.set(DHCP_OPTION.clientArchitecture, u16Value(architecture));
    options.set(DHCP_OPTION.clientNetworkInterface, Buffer.from([1, 3, 1]));
    options.set(DHCP_OPTION.clientMachineIdentifier, formatMachineIdentifier(uuid));
  }
  if (speaker === 'ipxe') {
    // Bare, not framed as RFC 3004 has it: so iPXE sends it.
    options.set(DHCP_OPTION.userClass, textValue('iPXE'));
    const kernel = firmware === 'uefi' ? IPXE_OPTION.featureEfi : IPXE_OPTION.featureBzImage;
    const features = [IPXE_OPTION.featurePxeExtensions, IPXE_OPTION.featureHttp, IPXE_OPTION.featureTftp, kernel];
    options.set(DHCP_OPTION.ipxeEncapsulated, encodeIpxeOptions(new Map(features.map((code) => [code, u8Value(1)]))));
  }
  return {
    op: BOOTREQUEST,
    htype: 1,
    hlen: 6,
    hops: 0,
    xid: nonZeroUint32(entropy),
    secs: 0,
    flags: speaker === 'firmware' && firmware === 'uefi' ? BROADCAST_FLAG : 0,
    ciaddr,
    yiaddr: NO_ADDRESS,
    siaddr: NO_ADDRESS,
    giaddr: NO_ADDRESS,
    chaddr: Buffer.concat([parseMac(mac), Buffer.alloc(10)]),
    sname: '',
    file: '',
    options,
  };
}
