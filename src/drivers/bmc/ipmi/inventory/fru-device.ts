import type { Clock } from '../../../../foundation/clock.ts';
import { FRU_DEVICE_BUSY, readFruData } from '../../../../protocols/ipmi/commands/storage/read-fru-data.ts';
import { CompletionCode, describeCompletionCode } from '../../../../protocols/ipmi/completion-code.ts';
import type { IpmiRequester } from '../requester.ts';

/**
 * Bytes asked for at first. An answer with 32 bytes fits the smallest buffers that a LAN channel may have, where
 * larger ones are not always refused but lost; an inventory of 300 bytes takes ten requests.
 */
const FIRST_CHUNK_BYTES = 32;
/** The smallest chunk that works for word-wise devices too. */
const LAST_CHUNK_BYTES = 2;

/** A busy device wants 30 ms by the book. @see IPMI v2.0 rev. 1.1 §34.2 */
const BUSY_WAIT_MS = 50;
const BUSY_TRIES = 10;

/** Refusals that a smaller read may cure. @see IPMI v2.0 rev. 1.1 §5.2, Table 5-2 */
const tooLong: ReadonlySet<number> = new Set([
  CompletionCode.requestDataLengthInvalid,
  CompletionCode.requestDataLimitExceeded,
  CompletionCode.parameterOutOfRange,
  CompletionCode.cannotReturnRequestedBytes,
  CompletionCode.unspecified,
]);

export type FruDevice = {
  /**
   * Bytes `from` to `to`, or as many of them as there are; what stopped it is `problem`.
   * @param from a multiple of 2 for word-wise devices
   */
  read(from: number, to: number, signal: AbortSignal): Promise<{ readonly bytes: Buffer; readonly problem?: string }>;
};

/** Reads one FRU device in chunks, as large as it bears. @see IPMI v2.0 rev. 1.1 §34.2 */
export function createFruDevice(
  { requester, clock }: { readonly requester: IpmiRequester; readonly clock: Clock },
  device: { readonly id: number; readonly size: number; readonly accessedByWords: boolean },
): FruDevice {
  const unit = device.accessedByWords ? 2 : 1;
  let chunk = FIRST_CHUNK_BYTES;

  /** One read, with smaller chunks until one is taken. @returns the data, or the completion code that refuses it */
  async function readOnce(at: number, wanted: number, signal: AbortSignal): Promise<Buffer | number> {
    const first = Math.min(chunk, wanted);
    let bytes = first;
    for (let busy = 0; ; ) {
      const request = { fruDeviceId: device.id, offset: at / unit, count: bytes / unit };
      const reply = await requester.attempt(readFruData, request, signal);
      // Devices return less than asked for, and more; what is over is not wanted.
      if (reply.kind === 'answered') {
        if (bytes < first) chunk = bytes;
        return reply.response.data.subarray(0, bytes);
      }
      if (reply.completionCode === FRU_DEVICE_BUSY && busy++ < BUSY_TRIES) await clock.sleep(BUSY_WAIT_MS, signal);
      else if (tooLong.has(reply.completionCode) && bytes > LAST_CHUNK_BYTES) bytes = halved(bytes);
      else return reply.completionCode;
    }
  }

  return {
    async read(from, to, signal) {
      const end = Math.min(to, device.size);
      const parts: Buffer[] = [];
      let at = from;
      let problem: string | undefined;
      while (at < end && problem === undefined) {
        // A last odd byte is read with its neighbour; half a word before the end leads nowhere.
        const answer = await readOnce(at, Math.ceil((end - at) / unit) * unit, signal);
        if (typeof answer === 'number') {
          problem = `read at ${at} refused with ${describeCompletionCode(answer, readFruData.completionCodes)}`;
        } else {
          const data = answer.subarray(0, end - at);
          const used = at + data.length === end ? data : data.subarray(0, data.length - (data.length % unit));
          if (used.length === 0) problem = `read at ${at} returned nothing`;
          parts.push(used);
          at += used.length;
        }
      }
      const bytes = Buffer.concat(parts);
      return problem === undefined ? { bytes } : { bytes, problem };
    },
  };
}

/** Half, and even: a whole number of words. */
const halved = (bytes: number): number => Math.max(LAST_CHUNK_BYTES, (bytes >> 2) * 2);
