import { type Entropy, nonZeroUint32 } from '../../foundation/entropy.ts';
import { NO_ADDRESS, parseMac } from '../../protocols/dhcp/ipv4.ts';
import { BOOTREQUEST, BROADCAST_FLAG, type DhcpMessage, MESSAGE_TYPE } from '../../protocols/dhcp/message.ts';
import { addressesValue, textValue, u8Value, u16Value } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';
import { encodeIpxeOptions, IPXE_OPTION } from '../../protocols/ipxe/encapsulated-options.ts';
import { formatVendorClass } from '../../protocols/pxe/client.ts';
import { formatMachineIdentifier } from '../../protocols/pxe/machine-identifier.ts';
import type { FirmwareKind, PxeClientOptions } from './options.ts';

/** Which program of the machine speaks: each is a DHCP client of its own. */
export type Speaker = 'firmware' | 'ipxe' | 'system';

export type ClientMessageParts = {
  readonly type: 'discover' | 'request' | 'inform';
  readonly speaker: Speaker;
  readonly ciaddr?: string;
  readonly requested?: string;
  readonly server?: string;
};

/** What of the client is in its messages. */
export type SpeakingClient = Pick<
  PxeClientOptions,
  'mac' | 'uuid' | 'firmware' | 'architectures' | 'vendorClass' | 'oldIpxe'
>;

/** Option 93 by firmware; iPXE tells what it was built for, however it was loaded. */
const ARCHITECTURE: Readonly<Record<FirmwareKind, { readonly firmware: number; readonly ipxe: number }>> = {
  'bios-ipxe': { firmware: 0, ipxe: 0 },
  bios: { firmware: 0, ipxe: 0 },
  uefi: { firmware: 7, ipxe: 7 },
  'uefi-http': { firmware: 16, ipxe: 7 },
  'raspberry-pi': { firmware: 0, ipxe: 11 },
};

/** Writes what firmware, iPXE or an operating system's client would send. */
export function clientMessage(
  entropy: Entropy,
  client: SpeakingClient,
  { type, speaker, ciaddr = NO_ADDRESS, requested, server }: ClientMessageParts,
): DhcpMessage {
  const { mac, uuid, firmware } = client;
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
    const usual = ARCHITECTURE[firmware][speaker];
    const architectures = speaker === 'firmware' ? (client.architectures ?? [usual]) : [usual];
    const word =
      speaker === 'ipxe'
        ? 'PXEClient'
        : (client.vendorClass ?? (firmware === 'uefi-http' ? 'HTTPClient' : 'PXEClient'));
    options.set(DHCP_OPTION.parameterRequestList, Buffer.from([1, 3, 6, 12, 13, 43, 54, 60, 66, 67, 97, 128, 175]));
    options.set(DHCP_OPTION.maximumMessageSize, u16Value(1472));
    // The boot ROM of a Raspberry Pi leaves option 60 out of its DHCPREQUEST (raspberrypi/rpi-eeprom#82).
    if (firmware !== 'raspberry-pi' || speaker === 'ipxe' || type === 'discover')
      options.set(DHCP_OPTION.vendorClass, textValue(formatVendorClass(word, architectures[0] ?? 0)));
    options.set(DHCP_OPTION.clientArchitecture, Buffer.concat(architectures.map(u16Value)));
    options.set(DHCP_OPTION.clientNetworkInterface, Buffer.from([1, 3, 1]));
    options.set(DHCP_OPTION.clientMachineIdentifier, formatMachineIdentifier(uuid));
  }
  if (speaker === 'ipxe') {
    // Bare, not framed as RFC 3004 has it: so iPXE sends it.
    options.set(DHCP_OPTION.userClass, textValue('iPXE'));
    options.set(DHCP_OPTION.ipxeEncapsulated, encodeIpxeOptions(featuresOf(client)));
  }
  return {
    op: BOOTREQUEST,
    htype: 1,
    hlen: 6,
    hops: 0,
    xid: nonZeroUint32(entropy),
    secs: 0,
    flags: speaker === 'firmware' && (firmware === 'uefi' || firmware === 'uefi-http') ? BROADCAST_FLAG : 0,
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

function featuresOf({ firmware, oldIpxe }: SpeakingClient): ReadonlyMap<number, Buffer> {
  const isBios = firmware === 'bios' || firmware === 'bios-ipxe';
  const kernel = isBios ? IPXE_OPTION.featureBzImage : IPXE_OPTION.featureEfi;
  const features = [IPXE_OPTION.featurePxeExtensions, IPXE_OPTION.featureHttp, IPXE_OPTION.featureTftp, kernel];
  const built = features.filter((code) => oldIpxe !== true || code !== IPXE_OPTION.featureHttp);
  return new Map(built.map((code) => [code, u8Value(1)]));
}
