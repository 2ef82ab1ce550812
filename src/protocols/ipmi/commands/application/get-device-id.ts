import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

export type GetDeviceIdResponse = {
  readonly deviceId: number;
  /** Bits 3:0. */
  readonly deviceRevision: number;
  readonly providesDeviceSdrs: boolean;
  /** A firmware or self-initialization update is in progress; only few commands work. */
  readonly updateInProgress: boolean;
  /** 0 to 127. */
  readonly firmwareMajor: number;
  /** As on the wire: two BCD digits by the book, anything in the field. */
  readonly firmwareMinor: number;
  /** As on the wire: 02h is 2.0, 51h is 1.5. */
  readonly ipmiVersion: number;
  /** Bit mask: chassis (7), bridge, event generator, event receiver, FRU, SEL, SDR, sensor (0). */
  readonly additionalDeviceSupport: number;
  /** IANA enterprise number. */
  readonly manufacturerId: number;
  readonly productId: number;
  /** 4 bytes, optional. */
  readonly auxiliaryFirmwareRevision?: Buffer;
};

/**
 * Reads a Get Device ID response.
 *   0      device id
 *   1      bit 7 provides SDRs, bits 3:0 revision
 *   2-3    firmware: bit 7 update in progress, bits 6:0 major; minor in BCD
 *   4      IPMI version, BCD, least significant digit first
 *   5      additional device support
 *   6-8    manufacturer id, 9-10 product id
 *   11-14  auxiliary firmware revision, optional
 * @throws DecodeError when shorter than 11 bytes
 * @see IPMI v2.0 rev. 1.1 §20.1
 */
export function decodeGetDeviceIdResponse(reader: ByteReader): GetDeviceIdResponse {
  const deviceId = reader.u8('device id');
  const revision = reader.u8('device revision');
  const firmware = reader.u8('firmware major');
  const response = {
    deviceId,
    deviceRevision: revision & 0x0f,
    providesDeviceSdrs: (revision & 0x80) !== 0,
    updateInProgress: (firmware & 0x80) !== 0,
    firmwareMajor: firmware & 0x7f,
    firmwareMinor: reader.u8('firmware minor'),
    ipmiVersion: reader.u8('IPMI version'),
    additionalDeviceSupport: reader.u8('additional device support'),
    manufacturerId: reader.u24le('manufacturer id'),
    productId: reader.u16le('product id'),
  };
  if (reader.left < 4) return response;
  return { ...response, auxiliaryFirmwareRevision: reader.bytes(4, 'auxiliary firmware revision') };
}

/** Writes a Get Device ID response. @see IPMI v2.0 rev. 1.1 §20.1 */
export function encodeGetDeviceIdResponse(response: GetDeviceIdResponse, writer: ByteWriter): void {
  writer.u8(response.deviceId).u8((response.providesDeviceSdrs ? 0x80 : 0) | response.deviceRevision);
  writer.u8((response.updateInProgress ? 0x80 : 0) | response.firmwareMajor).u8(response.firmwareMinor);
  writer.u8(response.ipmiVersion).u8(response.additionalDeviceSupport);
  writer.u24le(response.manufacturerId).u16le(response.productId);
  if (response.auxiliaryFirmwareRevision) writer.fixed(response.auxiliaryFirmwareRevision, 4);
}

/** "2.33": major, a point, the minor's two digits. @see §20.1 */
export function formatFirmware(response: GetDeviceIdResponse): string {
  return `${response.firmwareMajor}.${response.firmwareMinor.toString(16).padStart(2, '0')}`;
}

/** "2.0". @see §20.1 */
export function formatIpmiVersion(response: GetDeviceIdResponse): string {
  return `${response.ipmiVersion & 0x0f}.${response.ipmiVersion >> 4}`;
}

export function describeGetDeviceIdResponse(response: GetDeviceIdResponse): string {
  return `device ${response.deviceId}, firmware ${formatFirmware(response)}, IPMI ${formatIpmiVersion(response)}, manufacturer ${response.manufacturerId}, product ${response.productId}`;
}

export const getDeviceId: IpmiCommand<NoData, GetDeviceIdResponse> = {
  name: 'Get Device ID',
  netFn: NetFn.application,
  command: 0x01,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeGetDeviceIdResponse,
  decodeResponse: decodeGetDeviceIdResponse,
};
