import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** First byte of the results; others are device-specific failures. @see IPMI v2.0 rev. 1.1 §20.4, Table 20-5 */
export const SelfTestResult = {
  passed: 0x55,
  notImplemented: 0x56,
  corrupted: 0x57,
  fatal: 0x58,
  reserved: 0xff,
} as const;

/** Bits of the detail after 57h, from bit 0. @see Table 20-5 */
const corruptions = [
  'operational firmware is corrupted',
  'boot block firmware is corrupted',
  'internal use area of the BMC FRU is corrupted',
  'SDR repository is empty',
  'IPMB signal lines do not respond',
  'BMC FRU device cannot be read',
  'SDR repository cannot be read',
  'SEL device cannot be read',
];

export type GetSelfTestResultsResponse = {
  /** See {@link SelfTestResult}. */
  readonly result: number;
  /** A bit mask after 57h, device-specific after 58h and failures of the device's own; else 0. */
  readonly detail: number;
};

/**
 * Reads a Get Self Test Results response.
 *   0  result
 *   1  detail
 * @throws DecodeError when shorter than 2 bytes
 * @see IPMI v2.0 rev. 1.1 §20.4
 */
export function decodeGetSelfTestResultsResponse(reader: ByteReader): GetSelfTestResultsResponse {
  return { result: reader.u8('self test result'), detail: reader.u8('self test detail') };
}

/** Writes a Get Self Test Results response. @see IPMI v2.0 rev. 1.1 §20.4 */
export function encodeGetSelfTestResultsResponse(response: GetSelfTestResultsResponse, writer: ByteWriter): void {
  writer.u8(response.result).u8(response.detail);
}

/** What the tests found wrong, in the specification's words; empty after 55h (passed) and 56h (no tests). @see §20.4 */
export function selfTestFindings({ result, detail }: GetSelfTestResultsResponse): readonly string[] {
  switch (result) {
    case SelfTestResult.passed:
    case SelfTestResult.notImplemented:
      return [];
    case SelfTestResult.corrupted:
      return corruptions.filter((_text, bit) => (detail & (1 << bit)) !== 0);
    case SelfTestResult.fatal:
      return [`fatal hardware error (detail ${hex(detail)})`];
    default:
      return [`device-specific failure ${hex(result)} (detail ${hex(detail)})`];
  }
}

export function describeGetSelfTestResultsResponse(response: GetSelfTestResultsResponse): string {
  if (response.result === SelfTestResult.passed) return 'self test passed';
  if (response.result === SelfTestResult.notImplemented) return 'no self test';
  return `self test: ${selfTestFindings(response).join(', ') || 'corrupted or inaccessible data'}`;
}

function hex(byte: number): string {
  return `${byte.toString(16).toUpperCase().padStart(2, '0')}h`;
}

/** Repeatable: it tells what the tests at start found, and starts none. */
export const getSelfTestResults: IpmiCommand<NoData, GetSelfTestResultsResponse> = {
  name: 'Get Self Test Results',
  netFn: NetFn.application,
  command: 0x04,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeGetSelfTestResultsResponse,
  decodeResponse: decodeGetSelfTestResultsResponse,
};
