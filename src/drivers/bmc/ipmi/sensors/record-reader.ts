import { ENTIRE_RECORD, type GetSdrResponse } from '../../../../protocols/ipmi/commands/storage/get-sdr.ts';
import { CompletionCode, CompletionCodeError } from '../../../../protocols/ipmi/completion-code.ts';
import { SDR_HEADER_BYTES } from '../../../../protocols/ipmi/sdr/sdr-record.ts';
import type { IpmiRequester, SpokenReply } from '../requester.ts';
import { askPatiently } from './ask-patiently.ts';
import { firstChunkSize, grown, shrunk } from './chunk-size.ts';
import type { SdrSource } from './sdr-source.ts';

/** What came of asking for one record. */
export type RecordRead =
  | { readonly kind: 'read'; readonly bytes: Buffer; readonly nextRecordId: number }
  | { readonly kind: 'refused'; readonly completionCode: number };

export type RecordReader = {
  /** Reads one record, whole or in parts, as the controller can. @throws CompletionCodeError when others keep it away */
  read(recordId: number, signal: AbortSignal): Promise<RecordRead>;
  /** Requests made so far. */
  readonly requests: number;
  /** Somebody has reserved or changed the records since this reader began. */
  readonly disturbed: boolean;
};

/** Reservations for one record: each further one means that another party has come between. */
const RESERVATIONS_PER_RECORD = 8;
/** And for all of them. */
const RESERVATIONS = 64;

/** Offsets have 8 bits. */
const LAST_OFFSET = 0xff;

/**
 * A reader of records that begins with whole ones, which needs no reservation, and goes over to parts for good once
 * the controller cannot do that: refusals are CAh by the book, and C3h, C7h, C8h or FFh in the field; Xyratex HB-F8-SRAY sends
 * a part without a word (FreeIPMI's list of defects).
 * @see IPMI v2.0 rev. 1.1 §33.12
 */
export function createRecordReader(requester: IpmiRequester, source: SdrSource): RecordReader {
  let chunk = firstChunkSize;
  let whole = true;
  let reservationId = 0;
  let reserved = 0;
  let requests = 0;
  let disturbed = false;

  async function get(
    recordId: number,
    offset: number,
    bytesToRead: number,
    signal: AbortSignal,
  ): Promise<SpokenReply<GetSdrResponse>> {
    requests++;
    const request = { reservationId, recordId, offset, bytesToRead };
    const reply = await askPatiently(requester, source.get, request, signal);
    // An answer that breaks its format counts as none.
    return reply.kind === 'malformed' ? { kind: 'refused', completionCode: CompletionCode.responseUnavailable } : reply;
  }

  /** A controller without reservations (Artesyn ATCA-7367: C1h) is read with id 0. */
  async function reserve(signal: AbortSignal): Promise<void> {
    reserved++;
    const reply = await askPatiently(requester, source.reserve, undefined, signal);
    reservationId = reply.kind === 'answered' ? reply.response.reservationId : 0;
  }

  async function readWhole(recordId: number, signal: AbortSignal): Promise<RecordRead | 'in-parts' | 'reserve'> {
    const reply = await get(recordId, 0, ENTIRE_RECORD, signal);
    if (reply.kind === 'answered') {
      const bytes = complete(reply.response.data);
      return bytes ? { kind: 'read', bytes, nextRecordId: reply.response.nextRecordId } : 'in-parts';
    }
    if (reply.completionCode === CompletionCode.reservationInvalid) return 'reserve';
    return reply.completionCode === CompletionCode.notPresent ? reply : 'in-parts';
  }

  async function readInParts(recordId: number, signal: AbortSignal): Promise<RecordRead | 'reserve'> {
    const header = await get(recordId, 0, SDR_HEADER_BYTES, signal);
    if (header.kind === 'refused') {
      return header.completionCode === CompletionCode.reservationInvalid ? 'reserve' : header;
    }
    const { nextRecordId, data } = header.response;
    const length = data[SDR_HEADER_BYTES - 1];
    if (length === undefined) return { kind: 'refused', completionCode: CompletionCode.cannotReturnRequestedBytes };
    const bytes = await readBody(recordId, data.subarray(0, SDR_HEADER_BYTES), SDR_HEADER_BYTES + length, signal);
    return bytes === 'reserve' ? bytes : { kind: 'read', bytes, nextRecordId };
  }

  /** Everything up to `total`, or up to where the controller gives no more: some state more than they have. */
  async function readBody(
    recordId: number,
    header: Buffer,
    total: number,
    signal: AbortSignal,
  ): Promise<Buffer | 'reserve'> {
    const parts = [header];
    const before = chunk;
    for (let offset = SDR_HEADER_BYTES; offset < total && offset <= LAST_OFFSET; ) {
      const size = Math.min(chunk.size, total - offset);
      const reply = await get(recordId, offset, size, signal);
      if (reply.kind === 'refused' && reply.completionCode === CompletionCode.reservationInvalid) return 'reserve';
      if (reply.kind === 'answered' && reply.response.data.length > 0) {
        const part = reply.response.data.subarray(0, size);
        parts.push(part);
        offset += part.length;
        if (size === chunk.size) chunk = grown(chunk);
        continue;
      }
      const smaller = shrunk(chunk, size);
      if (smaller === undefined) {
        // What is refused behind the end of a record says nothing of sizes.
        chunk = before;
        break;
      }
      chunk = smaller;
    }
    return Buffer.concat(parts);
  }

  return {
    get requests() {
      return requests;
    },
    get disturbed() {
      return disturbed;
    },
    async read(recordId, signal) {
      for (let attempt = 0; attempt < RESERVATIONS_PER_RECORD && reserved < RESERVATIONS; attempt++) {
        const read = whole ? await readWhole(recordId, signal) : 'in-parts';
        if (typeof read === 'object') return read;
        if (read === 'in-parts') {
          if (reservationId === 0 && reserved === 0) await reserve(signal);
          const inParts = await readInParts(recordId, signal);
          if (typeof inParts === 'object') {
            if (inParts.kind === 'read') whole = false;
            return inParts;
          }
        }
        disturbed ||= reserved > 0;
        await reserve(signal);
      }
      throw new CompletionCodeError(
        `${source.get.name} of record ${recordId} on BMC ${requester.name}`,
        CompletionCode.reservationInvalid,
        source.get.completionCodes,
        'somebody else keeps reserving the sensor data records',
      );
    },
  };
}

/** The record of a whole read, without bytes behind its stated length; undefined when it is cut. */
function complete(data: Buffer): Buffer | undefined {
  const length = data[SDR_HEADER_BYTES - 1];
  if (length === undefined || data.length < SDR_HEADER_BYTES + length) return undefined;
  return data.subarray(0, SDR_HEADER_BYTES + length);
}
