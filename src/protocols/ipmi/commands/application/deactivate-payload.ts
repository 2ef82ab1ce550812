import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';
import { decodePayloadInstance, encodePayloadInstance, type PayloadInstance } from './activate-payload.ts';

/** Own codes of Deactivate Payload. @see IPMI v2.0 rev. 1.1 §24.2, Table 24-3 */
export const DeactivatePayloadCode = { alreadyDeactivated: 0x80, disabled: 0x81 } as const;

/**
 * Reads a Deactivate Payload request.
 *   0    bits 5:0 payload type
 *   1    bits 3:0 payload instance
 *   2-5  auxiliary data, 0
 * @see IPMI v2.0 rev. 1.1 §24.2, Table 24-3
 */
export function decodeDeactivatePayloadRequest(reader: ByteReader): PayloadInstance {
  const payload = decodePayloadInstance(reader);
  reader.bytes(4, 'auxiliary data');
  return payload;
}

/** Writes a Deactivate Payload request. @see IPMI v2.0 rev. 1.1 §24.2, Table 24-3 */
export function encodeDeactivatePayloadRequest(request: PayloadInstance, writer: ByteWriter): void {
  encodePayloadInstance(request, writer);
  writer.zeros(4);
}

export function describeDeactivatePayloadRequest(request: PayloadInstance): string {
  return `Deactivate Payload type ${request.payloadType}, instance ${request.instance}`;
}

/** Not repeatable: between two of them somebody else may have activated the payload. */
export const deactivatePayload: IpmiCommand<PayloadInstance, NoData> = {
  name: 'Deactivate Payload',
  netFn: NetFn.application,
  command: 0x49,
  repeatable: false,
  privilege: PrivilegeLevel.user,
  completionCodes: {
    [DeactivatePayloadCode.alreadyDeactivated]: 'payload is already deactivated',
    [DeactivatePayloadCode.disabled]: 'payload type is disabled',
  },
  encodeRequest: encodeDeactivatePayloadRequest,
  decodeRequest: decodeDeactivatePayloadRequest,
  encodeResponse: encodeNoData,
  decodeResponse: decodeNoData,
};
