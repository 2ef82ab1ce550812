import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** A payload, as several commands name one. */
export type PayloadInstance = {
  /** See PayloadType; 1 is SOL. */
  readonly payloadType: number;
  /** 1 to 15. */
  readonly instance: number;
};

export type ActivatePayloadRequest = PayloadInstance & {
  /** First byte of the auxiliary data; what it means is up to the payload type, see {@link SolActivation}. */
  readonly auxiliary: number;
};

/** Bits of the auxiliary byte when the payload is SOL. @see IPMI v2.0 rev. 1.1 §24.1, Table 24-2 */
export const SolActivation = {
  encrypt: 0x80,
  authenticate: 0x40,
  /** Test mode. */
  test: 0x20,
  /** Serial and modem alerts while the payload is active: put off; 00b makes them fail, 10b succeed. */
  alertsDeferred: 0x04,
  alertsSucceed: 0x08,
  /** CTS, DCD and DSR stay deasserted until the console sends a packet; otherwise the controller asserts them. */
  handshakeByConsole: 0x02,
} as const;

export type ActivatePayloadResponse = {
  /** 4 bytes; SOL: bit 0 of the first tells that test mode is there. */
  readonly auxiliary: Buffer;
  /** Most bytes of payload data towards the controller, SOL's own header included. As stated: some boards lie. */
  readonly inboundPayloadSize: number;
  /** Most bytes of payload data from the controller. */
  readonly outboundPayloadSize: number;
  /** As stated: some boards swap its bytes, or name a port that is not theirs. */
  readonly udpPort: number;
  /** FFFFh: no VLAN. Missing in answers that are cut short. */
  readonly vlan?: number;
};

/** Own codes of Activate Payload. @see IPMI v2.0 rev. 1.1 §24.1, Table 24-2 */
export const ActivatePayloadCode = {
  alreadyActive: 0x80,
  disabled: 0x81,
  limitReached: 0x82,
  encryptionImpossible: 0x83,
  encryptionRequired: 0x84,
} as const;

/**
 * Reads an Activate Payload request.
 *   0    bits 5:0 payload type
 *   1    bits 3:0 payload instance
 *   2-5  auxiliary data; SOL uses the first byte
 * @see IPMI v2.0 rev. 1.1 §24.1, Table 24-2
 */
export function decodeActivatePayloadRequest(reader: ByteReader): ActivatePayloadRequest {
  const payload = decodePayloadInstance(reader);
  const auxiliary = reader.u8('auxiliary request data');
  reader.bytes(3, 'auxiliary request data');
  return { ...payload, auxiliary };
}

/** Writes an Activate Payload request. @see IPMI v2.0 rev. 1.1 §24.1, Table 24-2 */
export function encodeActivatePayloadRequest(request: ActivatePayloadRequest, writer: ByteWriter): void {
  encodePayloadInstance(request, writer);
  writer.u8(request.auxiliary).zeros(3);
}

/**
 * Reads an Activate Payload response.
 *   0-3   auxiliary data
 *   4-5   inbound payload size
 *   6-7   outbound payload size
 *   8-9   UDP port
 *   10-11 VLAN, optional here though not in the specification: some boards leave it out
 * @throws DecodeError when shorter than 10 bytes
 * @see IPMI v2.0 rev. 1.1 §24.1, Table 24-2
 */
export function decodeActivatePayloadResponse(reader: ByteReader): ActivatePayloadResponse {
  const response = {
    auxiliary: reader.bytes(4, 'auxiliary response data'),
    inboundPayloadSize: reader.u16le('inbound payload size'),
    outboundPayloadSize: reader.u16le('outbound payload size'),
    udpPort: reader.u16le('payload UDP port'),
  };
  return reader.left < 2 ? response : { ...response, vlan: reader.u16le('payload VLAN') };
}

/** Writes an Activate Payload response. @see IPMI v2.0 rev. 1.1 §24.1, Table 24-2 */
export function encodeActivatePayloadResponse(response: ActivatePayloadResponse, writer: ByteWriter): void {
  writer.fixed(response.auxiliary, 4).u16le(response.inboundPayloadSize).u16le(response.outboundPayloadSize);
  writer.u16le(response.udpPort);
  if (response.vlan !== undefined) writer.u16le(response.vlan);
}

/** Payload type and instance, as Activate, Deactivate and Get Payload Instance Info begin. @see §24.1 */
export function decodePayloadInstance(reader: ByteReader): PayloadInstance {
  const payloadType = reader.u8('payload type') & 0x3f;
  return { payloadType, instance: reader.u8('payload instance') & 0x0f };
}

/** @see IPMI v2.0 rev. 1.1 §24.1 */
export function encodePayloadInstance(payload: PayloadInstance, writer: ByteWriter): void {
  writer.u8(payload.payloadType).u8(payload.instance);
}

export function describeActivatePayloadResponse(response: ActivatePayloadResponse): string {
  return `payload active: ${response.inboundPayloadSize} bytes in, ${response.outboundPayloadSize} out, UDP port ${response.udpPort}`;
}

/** Not repeatable: the second one finds the payload active. The level is what SOL's own parameter 2 says at least. */
export const activatePayload: IpmiCommand<ActivatePayloadRequest, ActivatePayloadResponse> = {
  name: 'Activate Payload',
  netFn: NetFn.application,
  command: 0x48,
  repeatable: false,
  privilege: PrivilegeLevel.user,
  completionCodes: {
    [ActivatePayloadCode.alreadyActive]: 'payload is already active on another session',
    [ActivatePayloadCode.disabled]: 'payload type is disabled',
    [ActivatePayloadCode.limitReached]: 'payload activation limit is reached',
    [ActivatePayloadCode.encryptionImpossible]: 'payload cannot be activated with encryption',
    [ActivatePayloadCode.encryptionRequired]: 'payload cannot be activated without encryption',
  },
  encodeRequest: encodeActivatePayloadRequest,
  decodeRequest: decodeActivatePayloadRequest,
  encodeResponse: encodeActivatePayloadResponse,
  decodeResponse: decodeActivatePayloadResponse,
};
