import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** Chassis control actions. @see IPMI v2.0 rev. 1.1 §28.3, Table 28-4 */
export const ChassisControl = {
  powerDown: 0,
  powerUp: 1,
  powerCycle: 2,
  hardReset: 3,
  /** A diagnostic interrupt, usually an NMI. */
  pulseDiagnosticInterrupt: 4,
  /** Asks the operating system to shut down, by emulating a fatal over-temperature or the ACPI button. */
  softShutdown: 5,
} as const;

export type ChassisControlRequest = {
  /** See {@link ChassisControl}; 4 bits. */
  readonly action: number;
};

/**
 * Reads a Chassis Control request.
 *   0  bits 3:0 action
 * @see IPMI v2.0 rev. 1.1 §28.3
 */
export function decodeChassisControlRequest(reader: ByteReader): ChassisControlRequest {
  return { action: reader.u8('chassis control') & 0x0f };
}

/** Writes a Chassis Control request. @see IPMI v2.0 rev. 1.1 §28.3 */
export function encodeChassisControlRequest(request: ChassisControlRequest, writer: ByteWriter): void {
  writer.u8(request.action);
}

export function describeChassisControlRequest(request: ChassisControlRequest): string {
  const name = Object.entries(ChassisControl).find(([, action]) => action === request.action)?.[0];
  return `Chassis Control ${name ?? request.action}`;
}

/** Never repeated: every arrival acts on the machine. */
export const chassisControl: IpmiCommand<ChassisControlRequest, NoData> = {
  name: 'Chassis Control',
  netFn: NetFn.chassis,
  command: 0x02,
  repeatable: false,
  privilege: PrivilegeLevel.operator,
  completionCodes: {},
  encodeRequest: encodeChassisControlRequest,
  decodeRequest: decodeChassisControlRequest,
  encodeResponse: encodeNoData,
  decodeResponse: decodeNoData,
};
