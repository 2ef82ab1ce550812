import type { EventLogReport, LogEntry } from '../../../../domain/hardware.ts';
import { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import {
  ENTIRE_SEL_RECORD,
  type GetSelEntryResponse,
  getSelEntry,
  SelRecordId,
} from '../../../../protocols/ipmi/commands/storage/get-sel-entry.ts';
import { getSelInfo } from '../../../../protocols/ipmi/commands/storage/get-sel-info.ts';
import { getSelTime } from '../../../../protocols/ipmi/commands/storage/get-sel-time.ts';
import { CompletionCode, CompletionCodeError } from '../../../../protocols/ipmi/completion-code.ts';
import type { SelRecordDescription } from '../../../../protocols/ipmi/sel/describe-sel-record.ts';
import {
  decodeSelRecord,
  SEL_RECORD_BYTES,
  type SelRecord,
  selRecordTime,
} from '../../../../protocols/ipmi/sel/sel-record.ts';
import { selTimestampToEpochMs } from '../../../../protocols/ipmi/sel/sel-timestamp.ts';
import type { IpmiRequester } from '../requester.ts';

/** Puts a record into words, by what is known of the controller's sensors. */
export type DescribeRecord = (record: SelRecord) => SelRecordDescription;

/**
 * How often the walk begins anew when an entry that was to come next is gone. A log that is erased meanwhile needs
 * one; a controller that names a next entry it does not have would need them for ever.
 */
const RESTARTS = 2;

/** Codes for "no such entry": CBh by the book; the others are seen for an empty log or a bad id. */
const noSuchEntry: ReadonlySet<number> = new Set([
  CompletionCode.notPresent,
  CompletionCode.parameterOutOfRange,
  CompletionCode.invalidDataField,
  CompletionCode.illegalForSensorOrRecord,
]);

/**
 * Reads the whole event log, oldest entry first, one request an entry. Nothing is reserved: whole records do not need
 * it, and a reservation would end another party's.
 * @param describe must not throw
 * @throws CompletionCodeError when the controller has no event log or is erasing it; what the requester throws
 * @see IPMI v2.0 rev. 1.1 §31.2, §31.5, §31.10
 */
export async function readEventLog(
  requester: IpmiRequester,
  describe: DescribeRecord,
  signal: AbortSignal,
): Promise<EventLogReport> {
  const info = await requester.ask(getSelInfo, undefined, signal);
  const records = await walk(requester, signal);
  const time = await requester.attempt(getSelTime, undefined, signal);
  return {
    entries: records.map((record) => logEntry(record, describe)),
    freeBytes: info.freeSpace,
    overflow: info.overflow,
    clockAt: time.kind === 'answered' ? selTimestampToEpochMs(time.response.timestamp) : null,
  };
}

type RawRecord = { readonly askedId: number; readonly data: Buffer };

async function walk(requester: IpmiRequester, signal: AbortSignal): Promise<readonly RawRecord[]> {
  let records: readonly RawRecord[] = [];
  for (let round = 0; round <= RESTARTS; round++) {
    const walked = await walkOnce(requester, signal);
    records = walked.records;
    if (walked.complete) break;
  }
  return records;
}

/**
 * From the first entry along the next ids. The end is FFFFh by the book; an id that was asked for before (0000h, the
 * entry's own, an earlier one) is taken for the end too, which also bounds the walk by the number of ids.
 */
async function walkOnce(
  requester: IpmiRequester,
  signal: AbortSignal,
): Promise<{ readonly records: readonly RawRecord[]; readonly complete: boolean }> {
  const records: RawRecord[] = [];
  const asked = new Set<number>();
  let id: number = SelRecordId.first;
  while (id !== SelRecordId.last && !asked.has(id)) {
    asked.add(id);
    const entry = await entryAt(requester, id, signal);
    // The first is missing: the log is empty.
    if (entry === undefined) return { records, complete: records.length === 0 };
    const data = entry.recordData.subarray(0, SEL_RECORD_BYTES);
    records.push({ askedId: id, data });
    // The first was asked for without its id, and may name itself.
    if (id === SelRecordId.first) asked.add(recordIdOf(data) ?? id);
    id = entry.nextRecordId;
  }
  return { records, complete: true };
}

/** The entry, or undefined when there is none of this id. */
async function entryAt(
  requester: IpmiRequester,
  recordId: number,
  signal: AbortSignal,
): Promise<GetSelEntryResponse | undefined> {
  const request = { reservationId: 0, recordId, offset: 0, bytesToRead: ENTIRE_SEL_RECORD };
  const reply = await requester.attempt(getSelEntry, request, signal);
  if (reply.kind === 'answered') return reply.response;
  if (noSuchEntry.has(reply.completionCode)) return undefined;
  const what = `${getSelEntry.name} ${recordId} on BMC ${requester.name}`;
  throw new CompletionCodeError(what, reply.completionCode, getSelEntry.completionCodes);
}

function logEntry({ askedId, data }: RawRecord, describe: DescribeRecord): LogEntry {
  const raw = data.toString('hex');
  if (data.length < SEL_RECORD_BYTES) {
    const text = `the controller sent ${data.length} of the record's ${SEL_RECORD_BYTES} bytes`;
    return { id: recordIdOf(data) ?? askedId, at: null, source: 'Unknown record', text, health: 'unknown', raw };
  }
  const record = decodeSelRecord(new ByteReader(data));
  const { source, text, severity } = describe(record);
  return { id: record.recordId, at: selRecordTime(record), source, text, health: severity, raw };
}

const recordIdOf = (data: Buffer): number | undefined => (data.length < 2 ? undefined : data.readUInt16LE(0));
