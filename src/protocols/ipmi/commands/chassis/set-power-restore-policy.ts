import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** As a policy to set: changes nothing, and tells what there is. @see IPMI v2.0 rev. 1.1 §28.8 */
export const NO_POLICY_CHANGE = 3;

export type SetPowerRestorePolicyRequest = {
  /** See PowerRestorePolicy, or {@link NO_POLICY_CHANGE}; 3 bits. */
  readonly policy: number;
};

/** The policies that the chassis has. */
export type SetPowerRestorePolicyResponse = {
  readonly supportsStayOff: boolean;
  readonly supportsRestore: boolean;
  readonly supportsPowerUp: boolean;
};

/**
 * Reads a Set Power Restore Policy request.
 *   0  bits 2:0 policy
 * @see IPMI v2.0 rev. 1.1 §28.8
 */
export function decodeSetPowerRestorePolicyRequest(reader: ByteReader): SetPowerRestorePolicyRequest {
  return { policy: reader.u8('power restore policy') & 0x07 };
}

/** Writes a Set Power Restore Policy request. @see IPMI v2.0 rev. 1.1 §28.8 */
export function encodeSetPowerRestorePolicyRequest(request: SetPowerRestorePolicyRequest, writer: ByteWriter): void {
  writer.u8(request.policy);
}

/**
 * Reads a Set Power Restore Policy response.
 *   0  bit 2 can always power up, bit 1 can restore, bit 0 can stay off
 * @throws DecodeError when empty
 * @see IPMI v2.0 rev. 1.1 §28.8
 */
export function decodeSetPowerRestorePolicyResponse(reader: ByteReader): SetPowerRestorePolicyResponse {
  const support = reader.u8('power restore policy support');
  return {
    supportsStayOff: (support & 0x01) !== 0,
    supportsRestore: (support & 0x02) !== 0,
    supportsPowerUp: (support & 0x04) !== 0,
  };
}

/** Writes a Set Power Restore Policy response. @see IPMI v2.0 rev. 1.1 §28.8 */
export function encodeSetPowerRestorePolicyResponse(response: SetPowerRestorePolicyResponse, writer: ByteWriter): void {
  writer.u8(
    (response.supportsStayOff ? 0x01 : 0) |
      (response.supportsRestore ? 0x02 : 0) |
      (response.supportsPowerUp ? 0x04 : 0),
  );
}

export function describeSetPowerRestorePolicyRequest(request: SetPowerRestorePolicyRequest): string {
  return request.policy === NO_POLICY_CHANGE ? 'list restore policies' : `set restore policy ${request.policy}`;
}

/** Not repeated: by the time a second copy arrives, another party may have set the policy anew. */
export const setPowerRestorePolicy: IpmiCommand<SetPowerRestorePolicyRequest, SetPowerRestorePolicyResponse> = {
  name: 'Set Power Restore Policy',
  netFn: NetFn.chassis,
  command: 0x06,
  repeatable: false,
  privilege: PrivilegeLevel.operator,
  completionCodes: {},
  encodeRequest: encodeSetPowerRestorePolicyRequest,
  decodeRequest: decodeSetPowerRestorePolicyRequest,
  encodeResponse: encodeSetPowerRestorePolicyResponse,
  decodeResponse: decodeSetPowerRestorePolicyResponse,
};
