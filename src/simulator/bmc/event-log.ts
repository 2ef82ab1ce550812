import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import type { Clock } from '../../foundation/clock.ts';
import {
  ENTIRE_SEL_RECORD,
  type GetSelEntryRequest,
  type GetSelEntryResponse,
  SelRecordId,
} from '../../protocols/ipmi/commands/storage/get-sel-entry.ts';
import type { GetSelInfoResponse } from '../../protocols/ipmi/commands/storage/get-sel-info.ts';
import { CompletionCode } from '../../protocols/ipmi/completion-code.ts';
import {
  encodeSelRecord,
  SEL_RECORD_BYTES,
  type SelRecord,
  SelRecordType,
} from '../../protocols/ipmi/sel/sel-record.ts';

export type EventLogOptions = {
  /** Entries that fit in. Default 512. */
  readonly capacity?: number;
  /** How long an erase takes; meanwhile other commands are refused. Default 1000. */
  readonly eraseMs?: number;
  /** Whether the clock is set at the start, to the right time; otherwise it counts from 0. Default true. */
  readonly clockSet?: boolean;
  /** Whether the controller has Reserve SEL. Default true. */
  readonly reservable?: boolean;
};

export type EventLog = {
  /** 16 bytes each, oldest first. */
  readonly records: readonly Buffer[];
  /** Logs a record; its id, and its time if it has one, are filled in. @returns its id; undefined when the log is full */
  add(record: SelRecord | Buffer): number | undefined;
  info(): GetSelInfoResponse;
  /** @returns the reservation id; undefined when there are no reservations */
  reserve(): number | undefined;
  /** @returns the entry, or the completion code that refuses it */
  entry(request: GetSelEntryRequest): GetSelEntryResponse | number;
  /** Starts to erase. @returns the completion code */
  erase(reservationId: number): number;
  erasing(): boolean;
  time(): number;
  setTime(timestamp: number): void;
  readonly capacity: number;
};

const TIMESTAMP_AT = 3;

/** The event log of a BMC and its clock. @see IPMI v2.0 rev. 1.1 §31, §32 */
export function createEventLog(clock: Clock, options: EventLogOptions = {}): EventLog {
  const { capacity = 512, eraseMs = 1_000, clockSet = true, reservable = true } = options;
  let records: Buffer[] = [];
  let lastId = 0;
  let lastReservation = 0;
  let reservation: number | undefined;
  let overflow = false;
  let addedAt = 0;
  let erasedAt = 0;
  let erasingUntil = Number.NEGATIVE_INFINITY;
  /** Milliseconds from the simulation's clock to the log's. */
  let offsetMs = clockSet ? 0 : -clock.now();

  const time = (): number => Math.floor((clock.now() + offsetMs) / 1_000);
  const lastsReservation = (id: number): boolean => (reservable ? id === reservation : id === 0);

  return {
    get records() {
      return records;
    },
    capacity,
    add(record) {
      if (records.length >= capacity) {
        overflow = true;
        return undefined;
      }
      const bytes = toBytes(record);
      lastId = lastId + 1 === SelRecordId.last ? 1 : lastId + 1;
      addedAt = time();
      bytes.writeUInt16LE(lastId, 0);
      if ((bytes[2] ?? 0) < SelRecordType.firstOem) bytes.writeUInt32LE(addedAt, TIMESTAMP_AT);
      records.push(bytes);
      reservation = undefined;
      return lastId;
    },
    info: () => ({
      selVersion: 0x51,
      entries: records.length,
      freeSpace: Math.min(0xffff, (capacity - records.length) * SEL_RECORD_BYTES),
      mostRecentAdditionTimestamp: addedAt,
      mostRecentEraseTimestamp: erasedAt,
      overflow,
      supportsDelete: false,
      supportsPartialAdd: false,
      supportsReserve: reservable,
      supportsAllocationInfo: true,
    }),
    reserve() {
      if (!reservable) return undefined;
      lastReservation = (lastReservation % 0xffff) + 1;
      reservation = lastReservation;
      return reservation;
    },
    entry({ reservationId, recordId, offset, bytesToRead }) {
      // A reservation is needed for parts of a record alone. @see §31.5
      if (offset !== 0 && !lastsReservation(reservationId)) return CompletionCode.reservationInvalid;
      const index = indexOf(records, recordId);
      const record = records[index];
      if (record === undefined) return CompletionCode.notPresent;
      if (offset >= SEL_RECORD_BYTES) return CompletionCode.parameterOutOfRange;
      const end = bytesToRead === ENTIRE_SEL_RECORD ? SEL_RECORD_BYTES : offset + bytesToRead;
      if (end > SEL_RECORD_BYTES) return CompletionCode.cannotReturnRequestedBytes;
      const next = records[index + 1];
      return {
        nextRecordId: next === undefined ? SelRecordId.last : next.readUInt16LE(0),
        recordData: record.subarray(offset, end),
      };
    },
    erase(reservationId) {
      if (!lastsReservation(reservationId)) return CompletionCode.reservationInvalid;
      records = [];
      overflow = false;
      erasedAt = time();
      erasingUntil = clock.elapsed() + eraseMs;
      return CompletionCode.ok;
    },
    erasing: () => clock.elapsed() < erasingUntil,
    time,
    setTime(timestamp) {
      offsetMs = timestamp * 1_000 - clock.now();
    },
  };
}

function toBytes(record: SelRecord | Buffer): Buffer {
  if (Buffer.isBuffer(record)) return Buffer.from(record);
  const writer = new ByteWriter(SEL_RECORD_BYTES);
  encodeSelRecord(record, writer);
  return writer.done();
}

function indexOf(records: readonly Buffer[], recordId: number): number {
  if (recordId === SelRecordId.first) return 0;
  if (recordId === SelRecordId.last) return records.length - 1;
  return records.findIndex((record) => record.readUInt16LE(0) === recordId);
}
