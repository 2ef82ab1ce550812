import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** What a channel runs over. @see IPMI v2.0 rev. 1.1 §6.5, Table 6-3 */
export const ChannelMedium = {
  ipmb: 0x1,
  icmbV10: 0x2,
  icmbV09: 0x3,
  lan: 0x4,
  serial: 0x5,
  otherLan: 0x6,
  pciSmbus: 0x7,
  smbusV1: 0x8,
  smbusV2: 0x9,
  usb1: 0xa,
  usb2: 0xb,
  systemInterface: 0xc,
} as const;

/** What is spoken on a channel. @see §6.4, Table 6-2 */
export const ChannelProtocol = {
  ipmb: 0x1,
  icmb: 0x2,
  smbus: 0x4,
  kcs: 0x5,
  smic: 0x6,
  bt10: 0x7,
  bt15: 0x8,
  tmode: 0x9,
} as const;

/** @see §22.24, byte 4 */
export const SessionSupport = { sessionless: 0, single: 1, multiple: 2, sessionBased: 3 } as const;

/** The IPMI forum's own number: the channel's protocol is one of the specification. @see §22.24 */
export const IPMI_FORUM_IANA = 7154;

const mediums: Readonly<Record<number, string>> = {
  [ChannelMedium.ipmb]: 'IPMB',
  [ChannelMedium.icmbV10]: 'ICMB v1.0',
  [ChannelMedium.icmbV09]: 'ICMB v0.9',
  [ChannelMedium.lan]: '802.3 LAN',
  [ChannelMedium.serial]: 'serial or modem',
  [ChannelMedium.otherLan]: 'other LAN',
  [ChannelMedium.pciSmbus]: 'PCI SMBus',
  [ChannelMedium.smbusV1]: 'SMBus v1',
  [ChannelMedium.smbusV2]: 'SMBus v2',
  [ChannelMedium.usb1]: 'USB 1',
  [ChannelMedium.usb2]: 'USB 2',
  [ChannelMedium.systemInterface]: 'system interface',
};

const protocols: Readonly<Record<number, string>> = {
  [ChannelProtocol.ipmb]: 'IPMB-1.0',
  [ChannelProtocol.icmb]: 'ICMB-1.0',
  [ChannelProtocol.smbus]: 'IPMI-SMBus',
  [ChannelProtocol.kcs]: 'KCS',
  [ChannelProtocol.smic]: 'SMIC',
  [ChannelProtocol.bt10]: 'BT-10',
  [ChannelProtocol.bt15]: 'BT-15',
  [ChannelProtocol.tmode]: 'TMode',
};

/** A channel by its number, 0 to 15; Eh is the one that the request comes by. */
export type ChannelRequest = { readonly channel: number };

export type GetChannelInfoResponse = {
  /** The real number, also when Eh was asked for. */
  readonly channel: number;
  /** See {@link ChannelMedium}; 7 bits. */
  readonly medium: number;
  /** See {@link ChannelProtocol}; 5 bits. */
  readonly protocol: number;
  /** See {@link SessionSupport}. */
  readonly sessionSupport: number;
  /** 6 bits. */
  readonly activeSessions: number;
  /** Who defined the protocol; {@link IPMI_FORUM_IANA} for those of the specification. */
  readonly protocolVendorId: number;
  /** For channel Fh the interrupts of SMS and event message buffer; else by vendor, or 0. */
  readonly auxiliary: number;
};

/** Reads a request for one channel: bits 3:0 its number. @see IPMI v2.0 rev. 1.1 §22.24 */
export function decodeChannelRequest(reader: ByteReader): ChannelRequest {
  return { channel: reader.u8('channel number') & 0x0f };
}

/** Writes a request for one channel. @see IPMI v2.0 rev. 1.1 §22.24 */
export function encodeChannelRequest(request: ChannelRequest, writer: ByteWriter): void {
  writer.u8(request.channel);
}

/**
 * Reads a Get Channel Info response.
 *   0    bits 3:0 channel
 *   1    bits 6:0 medium
 *   2    bits 4:0 protocol
 *   3    bits 7:6 session support, 5:0 active sessions
 *   4-6  vendor of the protocol, 7-8 auxiliary information
 * @throws DecodeError when shorter than 9 bytes
 * @see IPMI v2.0 rev. 1.1 §22.24
 */
export function decodeGetChannelInfoResponse(reader: ByteReader): GetChannelInfoResponse {
  const channel = reader.u8('channel number') & 0x0f;
  const medium = reader.u8('channel medium') & 0x7f;
  const protocol = reader.u8('channel protocol') & 0x1f;
  const sessions = reader.u8('session support');
  return {
    channel,
    medium,
    protocol,
    sessionSupport: sessions >> 6,
    activeSessions: sessions & 0x3f,
    protocolVendorId: reader.u24le('protocol vendor id'),
    auxiliary: reader.u16le('auxiliary channel info'),
  };
}

/** Writes a Get Channel Info response. @see IPMI v2.0 rev. 1.1 §22.24 */
export function encodeGetChannelInfoResponse(response: GetChannelInfoResponse, writer: ByteWriter): void {
  writer.u8(response.channel).u8(response.medium).u8(response.protocol);
  writer.u8((response.sessionSupport << 6) | response.activeSessions);
  writer.u24le(response.protocolVendorId).u16le(response.auxiliary);
}

/** "802.3 LAN". @see Table 6-3 */
export function describeChannelMedium(medium: number): string {
  return mediums[medium] ?? `${medium >= 0x60 ? 'OEM medium' : 'medium'} ${medium}`;
}

/** "IPMB-1.0". @see Table 6-2 */
export function describeChannelProtocol(protocol: number): string {
  return protocols[protocol] ?? `${protocol >= 0x1c ? 'OEM protocol' : 'protocol'} ${protocol}`;
}

export function describeGetChannelInfoResponse(response: GetChannelInfoResponse): string {
  const { channel, medium, protocol, activeSessions } = response;
  return `channel ${channel}: ${describeChannelMedium(medium)}, ${describeChannelProtocol(protocol)}, ${activeSessions} sessions`;
}

/** Repeatable: a read. */
export const getChannelInfo: IpmiCommand<ChannelRequest, GetChannelInfoResponse> = {
  name: 'Get Channel Info',
  netFn: NetFn.application,
  command: 0x42,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeChannelRequest,
  decodeRequest: decodeChannelRequest,
  encodeResponse: encodeGetChannelInfoResponse,
  decodeResponse: decodeGetChannelInfoResponse,
};
