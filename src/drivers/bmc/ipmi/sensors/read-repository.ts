import { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import { DecodeError } from '../../../../foundation/errors.ts';
import { SdrRecordId } from '../../../../protocols/ipmi/commands/storage/get-sdr.ts';
import { CompletionCode, CompletionCodeError } from '../../../../protocols/ipmi/completion-code.ts';
import { decodeSdrRecord, type SdrRecord } from '../../../../protocols/ipmi/sdr/sdr-record.ts';
import type { IpmiRequester } from '../requester.ts';
import { createRecordReader } from './record-reader.ts';
import type { SdrSurvey } from './sdr-source.ts';

/** All records that could be read, in the controller's order. */
export type RepositoryRead = {
  readonly records: readonly SdrRecord[];
  /** Somebody has reserved or changed the records meanwhile. */
  readonly disturbed: boolean;
  /** No record was refused that the controller should have: another time there may be more. */
  readonly complete: boolean;
};

/** Far more than any machine has; what a broken or hostile controller can make us read. */
const MAXIMUM_RECORDS = 4_096;
const MAXIMUM_BYTES = 256 * 1_024;
const MAXIMUM_REQUESTS = 16_384;

/** Records in a row that may be refused: ids are mostly counted up, so the next one is tried by its likely id. */
const MAXIMUM_SKIPS = 3;

/** Records in a row that were there before, while fewer than announced have come. */
const MAXIMUM_REPEATS = 8;

/**
 * Reads every record. The list ends with FFFFh by the book, and in the field also
 * - at a record that was asked for before, or with records that have come before: unnamed Inspur boards never end it;
 * - at a refusal: Dell PowerEdge FC830 refuses its last record with C3h.
 * The announced number does not end it: Fujitsu RX300 S8 tells another than it has. The id inside a record is not
 * looked at: Supermicro X6DHR-iG sends other ids than it was asked for. Records that make no sense are left out.
 * All four are in FreeIPMI's list of defects.
 * @throws CompletionCodeError when the first record is refused, or others keep the records away; UnreachableError
 * @see IPMI v2.0 rev. 1.1 §33.12, §35.3
 */
export async function readRepository(
  requester: IpmiRequester,
  { source, recordCount = 0 }: SdrSurvey,
  signal: AbortSignal,
): Promise<RepositoryRead> {
  const reader = createRecordReader(requester, source);
  const records: SdrRecord[] = [];
  const asked = new Set<number>();
  const contents = new Set<string>();
  let bytes = 0;
  let skips = 0;
  let repeats = 0;
  let complete = true;
  let recordId: number = SdrRecordId.first;

  while (recordId < SdrRecordId.last && !asked.has(recordId)) {
    if (asked.size >= MAXIMUM_RECORDS || bytes >= MAXIMUM_BYTES || reader.requests >= MAXIMUM_REQUESTS) break;
    asked.add(recordId);
    const read = await reader.read(recordId, signal);
    if (read.kind === 'refused') {
      const { completionCode } = read;
      if (contents.size === 0) {
        if (completionCode === CompletionCode.notPresent) break;
        const what = `${source.get.name} of record ${recordId} on BMC ${requester.name}`;
        throw new CompletionCodeError(what, completionCode, source.get.completionCodes);
      }
      const last = recordCount !== 0 && contents.size >= recordCount - 1;
      if (last) break;
      complete = false;
      if (completionCode === CompletionCode.notPresent || ++skips > MAXIMUM_SKIPS) break;
      // A refusal leaves no "next".
      recordId += 1;
      continue;
    }
    skips = 0;
    bytes += read.bytes.length;
    // Without the id, which some make up.
    const content = read.bytes.toString('latin1', 2);
    if (contents.has(content)) {
      if (++repeats > (contents.size >= recordCount && recordCount !== 0 ? 0 : MAXIMUM_REPEATS)) break;
    } else {
      repeats = 0;
      contents.add(content);
      const record = decodeOrNone(read.bytes);
      if (record) records.push(record);
    }
    recordId = read.nextRecordId;
  }
  return { records, disturbed: reader.disturbed, complete };
}

/** A record whose fixed part is cut short tells nothing that could be shown. */
function decodeOrNone(bytes: Buffer): SdrRecord | undefined {
  try {
    return decodeSdrRecord(new ByteReader(bytes));
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
