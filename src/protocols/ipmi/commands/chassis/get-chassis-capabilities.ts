import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** What the chassis has, and at which addresses on the IPMB its parts are served. */
export type GetChassisCapabilitiesResponse = {
  readonly providesPowerInterlock: boolean;
  readonly providesDiagnosticInterrupt: boolean;
  readonly providesFrontPanelLockout: boolean;
  readonly providesIntrusionSensor: boolean;
  readonly fruInfoDeviceAddress: number;
  readonly sdrDeviceAddress: number;
  readonly selDeviceAddress: number;
  readonly systemManagementDeviceAddress: number;
  /** Optional; absent: the BMC's own address. */
  readonly bridgeDeviceAddress?: number;
};

/**
 * Reads a Get Chassis Capabilities response.
 *   0    bit 3 power interlock, 2 diagnostic interrupt, 1 front panel lock-out, 0 intrusion sensor
 *   1-4  addresses of the FRU info, SDR, SEL and system management devices
 *   5    address of the bridge device, optional
 * @throws DecodeError when shorter than 5 bytes
 * @see IPMI v2.0 rev. 1.1 §28.1
 */
export function decodeGetChassisCapabilitiesResponse(reader: ByteReader): GetChassisCapabilitiesResponse {
  const flags = reader.u8('chassis capabilities');
  const response = {
    providesPowerInterlock: (flags & 0x08) !== 0,
    providesDiagnosticInterrupt: (flags & 0x04) !== 0,
    providesFrontPanelLockout: (flags & 0x02) !== 0,
    providesIntrusionSensor: (flags & 0x01) !== 0,
    fruInfoDeviceAddress: reader.u8('FRU info device address'),
    sdrDeviceAddress: reader.u8('SDR device address'),
    selDeviceAddress: reader.u8('SEL device address'),
    systemManagementDeviceAddress: reader.u8('system management device address'),
  };
  return reader.left === 0 ? response : { ...response, bridgeDeviceAddress: reader.u8('bridge device address') };
}

/** Writes a Get Chassis Capabilities response. @see IPMI v2.0 rev. 1.1 §28.1 */
export function encodeGetChassisCapabilitiesResponse(
  response: GetChassisCapabilitiesResponse,
  writer: ByteWriter,
): void {
  writer.u8(
    (response.providesPowerInterlock ? 0x08 : 0) |
      (response.providesDiagnosticInterrupt ? 0x04 : 0) |
      (response.providesFrontPanelLockout ? 0x02 : 0) |
      (response.providesIntrusionSensor ? 0x01 : 0),
  );
  writer.u8(response.fruInfoDeviceAddress).u8(response.sdrDeviceAddress).u8(response.selDeviceAddress);
  writer.u8(response.systemManagementDeviceAddress);
  if (response.bridgeDeviceAddress !== undefined) writer.u8(response.bridgeDeviceAddress);
}

export function describeGetChassisCapabilitiesResponse(response: GetChassisCapabilitiesResponse): string {
  const has = [
    response.providesPowerInterlock ? 'power interlock' : '',
    response.providesDiagnosticInterrupt ? 'diagnostic interrupt' : '',
    response.providesFrontPanelLockout ? 'front panel lock-out' : '',
    response.providesIntrusionSensor ? 'intrusion sensor' : '',
  ].filter(Boolean);
  return `chassis with ${has.join(', ') || 'nothing optional'}`;
}

/** Repeatable: a read. */
export const getChassisCapabilities: IpmiCommand<NoData, GetChassisCapabilitiesResponse> = {
  name: 'Get Chassis Capabilities',
  netFn: NetFn.chassis,
  command: 0x00,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeGetChassisCapabilitiesResponse,
  decodeResponse: decodeGetChassisCapabilitiesResponse,
};
