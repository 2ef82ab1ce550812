import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../../../foundation/errors.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** @see IPMI v2.0 rev. 1.1 §31.9 */
export const ClearSelAction = { getErasureStatus: 0x00, initiateErase: 0xaa } as const;

/** Bits 3:0 of the answer. @see §31.9 */
export const ErasureProgress = { inProgress: 0, completed: 1 } as const;

/** "CLR", which the request carries so that nothing else is taken for it. */
const MARK = Buffer.from('CLR', 'latin1');

export type ClearSelRequest = {
  /** 0 where the controller has no Reserve SEL. */
  readonly reservationId: number;
  /** See {@link ClearSelAction}. */
  readonly action: number;
};

export type ClearSelResponse = {
  /** See {@link ErasureProgress}. */
  readonly progress: number;
};

/**
 * Reads a Clear SEL request.
 *   0-1  reservation id
 *   2-4  43h 4Ch 52h, "CLR"
 *   5    AAh initiate erase, 00h get erasure status
 * @throws DecodeError when shorter than 6 bytes or without its mark
 * @see IPMI v2.0 rev. 1.1 §31.9
 */
export function decodeClearSelRequest(reader: ByteReader): ClearSelRequest {
  const reservationId = reader.u16le('reservation id');
  if (!reader.bytes(MARK.length, 'mark').equals(MARK)) throw new DecodeError('Clear SEL request: not marked CLR');
  return { reservationId, action: reader.u8('action') };
}

/** Writes a Clear SEL request. @see IPMI v2.0 rev. 1.1 §31.9 */
export function encodeClearSelRequest(request: ClearSelRequest, writer: ByteWriter): void {
  writer.u16le(request.reservationId).bytes(MARK).u8(request.action);
}

/**
 * Reads a Clear SEL response.
 *   0  bits 3:0 progress
 * @throws DecodeError when empty
 * @see IPMI v2.0 rev. 1.1 §31.9
 */
export function decodeClearSelResponse(reader: ByteReader): ClearSelResponse {
  return { progress: reader.u8('erasure progress') & 0x0f };
}

/** Writes a Clear SEL response. @see IPMI v2.0 rev. 1.1 §31.9 */
export function encodeClearSelResponse(response: ClearSelResponse, writer: ByteWriter): void {
  writer.u8(response.progress);
}

export function describeClearSelResponse(response: ClearSelResponse): string {
  return response.progress === ErasureProgress.completed ? 'erased' : 'erase in progress';
}

/** Not repeated: a second copy could erase what came in after the first. */
export const clearSel: IpmiCommand<ClearSelRequest, ClearSelResponse> = {
  name: 'Clear SEL',
  netFn: NetFn.storage,
  command: 0x47,
  repeatable: false,
  privilege: PrivilegeLevel.operator,
  completionCodes: {},
  encodeRequest: encodeClearSelRequest,
  decodeRequest: decodeClearSelRequest,
  encodeResponse: encodeClearSelResponse,
  decodeResponse: decodeClearSelResponse,
};

/** The same command used to ask how far the erase is, which changes nothing. */
export const getSelErasureStatus: IpmiCommand<Pick<ClearSelRequest, 'reservationId'>, ClearSelResponse> = {
  ...clearSel,
  name: 'Clear SEL (get erasure status)',
  repeatable: true,
  encodeRequest: ({ reservationId }, writer) =>
    encodeClearSelRequest({ reservationId, action: ClearSelAction.getErasureStatus }, writer),
};
