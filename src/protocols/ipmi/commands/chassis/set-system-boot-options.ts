import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** Boot option parameters. @see IPMI v2.0 rev. 1.1 §28.13, Table 28-14 */
export const BootOptionParameter = {
  setInProgress: 0,
  servicePartition: 1,
  serviceScan: 2,
  /** Which events keep the boot flags' valid bit from being cleared. */
  validBitClearing: 3,
  bootInfoAcknowledge: 4,
  bootFlags: 5,
  bootInitiator: 6,
  bootInitiatorMailbox: 7,
} as const;

/** Values of parameter 0. @see Table 28-14 */
export const SetInProgress = { complete: 0, inProgress: 1, commitWrite: 2 } as const;

/** Own codes of Set System Boot Options, the first of Get System Boot Options too. @see IPMI v2.0 rev. 1.1 §28.12, §28.13 */
export const BootOptionCode = { parameterNotSupported: 0x80, setInProgress: 0x81, readOnly: 0x82 } as const;

export type SetSystemBootOptionsRequest = {
  /** See {@link BootOptionParameter}; 7 bits. */
  readonly parameter: number;
  /** Marks the parameter invalid or locked instead of valid. */
  readonly markInvalid: boolean;
  readonly data: Buffer;
};

/**
 * Reads a Set System Boot Options request.
 *   0   bit 7 mark invalid, bits 6:0 parameter
 *   1-  parameter data
 * @see IPMI v2.0 rev. 1.1 §28.12
 */
export function decodeSetSystemBootOptionsRequest(reader: ByteReader): SetSystemBootOptionsRequest {
  const selector = reader.u8('parameter selector');
  return { parameter: selector & 0x7f, markInvalid: (selector & 0x80) !== 0, data: reader.rest() };
}

/** Writes a Set System Boot Options request. @see IPMI v2.0 rev. 1.1 §28.12 */
export function encodeSetSystemBootOptionsRequest(request: SetSystemBootOptionsRequest, writer: ByteWriter): void {
  writer.u8((request.markInvalid ? 0x80 : 0) | request.parameter).bytes(request.data);
}

export function describeSetSystemBootOptionsRequest(request: SetSystemBootOptionsRequest): string {
  return `boot option ${request.parameter} = ${request.data.toString('hex')}`;
}

/** Not repeated: by the time a second copy arrives, another party may have set the option anew. */
export const setSystemBootOptions: IpmiCommand<SetSystemBootOptionsRequest, NoData> = {
  name: 'Set System Boot Options',
  netFn: NetFn.chassis,
  command: 0x08,
  repeatable: false,
  privilege: PrivilegeLevel.operator,
  completionCodes: {
    [BootOptionCode.parameterNotSupported]: 'boot option parameter not supported',
    [BootOptionCode.setInProgress]: 'another party has a set in progress',
    [BootOptionCode.readOnly]: 'boot option parameter is read-only',
  },
  encodeRequest: encodeSetSystemBootOptionsRequest,
  decodeRequest: decodeSetSystemBootOptionsRequest,
  encodeResponse: encodeNoData,
  decodeResponse: decodeNoData,
};
