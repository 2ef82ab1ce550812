import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** What the system last restarted from. @see IPMI v2.0 rev. 1.1 §28.11, Table 28-11 */
export const RestartCause = {
  unknown: 0x0,
  chassisControl: 0x1,
  resetButton: 0x2,
  powerButton: 0x3,
  watchdog: 0x4,
  oem: 0x5,
  /** Mains power came, and the policy is to power up always. */
  alwaysRestore: 0x6,
  /** Mains power came, and the policy is to restore the state before. */
  restorePrevious: 0x7,
  pefReset: 0x8,
  pefPowerCycle: 0x9,
  /** By software on the machine: Ctrl-Alt-Del, an operating system's reboot. */
  softReset: 0xa,
  rtc: 0xb,
} as const;

const texts: Readonly<Record<number, string>> = {
  [RestartCause.unknown]: 'unknown',
  [RestartCause.chassisControl]: 'Chassis Control command',
  [RestartCause.resetButton]: 'reset button',
  [RestartCause.powerButton]: 'power button',
  [RestartCause.watchdog]: 'watchdog expired',
  [RestartCause.oem]: 'OEM',
  [RestartCause.alwaysRestore]: 'mains power returned (policy: always power up)',
  [RestartCause.restorePrevious]: 'mains power returned (policy: restore previous state)',
  [RestartCause.pefReset]: 'reset by an event filter',
  [RestartCause.pefPowerCycle]: 'power cycle by an event filter',
  [RestartCause.softReset]: 'soft reset',
  [RestartCause.rtc]: 'real-time clock',
};

export type GetSystemRestartCauseResponse = {
  /** See {@link RestartCause}; 4 bits. */
  readonly cause: number;
  /** The channel that the command or filter came by; some boards leave the byte out. */
  readonly channel?: number;
};

/**
 * Reads a Get System Restart Cause response.
 *   0  bits 3:0 cause
 *   1  channel number; missing on some boards
 * @throws DecodeError when empty
 * @see IPMI v2.0 rev. 1.1 §28.11
 */
export function decodeGetSystemRestartCauseResponse(reader: ByteReader): GetSystemRestartCauseResponse {
  const cause = reader.u8('restart cause') & 0x0f;
  return reader.left === 0 ? { cause } : { cause, channel: reader.u8('channel number') };
}

/** Writes a Get System Restart Cause response. @see IPMI v2.0 rev. 1.1 §28.11 */
export function encodeGetSystemRestartCauseResponse(response: GetSystemRestartCauseResponse, writer: ByteWriter): void {
  writer.u8(response.cause);
  if (response.channel !== undefined) writer.u8(response.channel);
}

/** "reset button"; a number that the specification does not name is told as such. @see Table 28-11 */
export function describeRestartCause(cause: number): string {
  return texts[cause] ?? `cause ${cause.toString(16).toUpperCase()}h`;
}

/** Repeatable: a read. */
export const getSystemRestartCause: IpmiCommand<NoData, GetSystemRestartCauseResponse> = {
  name: 'Get System Restart Cause',
  netFn: NetFn.chassis,
  command: 0x07,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeGetSystemRestartCauseResponse,
  decodeResponse: decodeGetSystemRestartCauseResponse,
};
