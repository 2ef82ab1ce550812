import type { EventLogReport, FruInventory, SensorReading } from '../domain/hardware.ts';
import { clearEventLog } from '../drivers/bmc/ipmi/event-log/clear-event-log.ts';
import { setEventLogClock } from '../drivers/bmc/ipmi/event-log/set-event-log-clock.ts';
import { readSensors } from '../drivers/bmc/ipmi/sensors/read-sensors.ts';
import { loadSdrs } from '../drivers/bmc/ipmi/sensors/sdr-cache.ts';
import { readNamedEventLog, readNamedInventory } from '../drivers/bmc/ipmi/with-records.ts';
import { getSelTime } from '../protocols/ipmi/commands/storage/get-sel-time.ts';
import type { SdrRecord } from '../protocols/ipmi/sdr/sdr-record.ts';
import { selTimestampToEpochMs } from '../protocols/ipmi/sel/sel-timestamp.ts';
import type { CallOptions } from './calls.ts';
import type { PartDeps } from './part.ts';

/** What the controller measures, remembers and knows of the machine's parts. Reading never changes anything. */
export type RecordsPart = {
  /**
   * Every sensor with its value, unit, states, health and thresholds. One that cannot be read is there with the reason in
   * `unavailable`. The controller's records are read by the first call; later ones ask whether they have changed.
   * @throws CompletionCodeError when the records cannot be read
   * @see IPMI v2.0 rev. 1.1 §33, §35, §36
   */
  sensors(options?: CallOptions): Promise<readonly SensorReading[]>;
  /** The sensor data records themselves, decoded. @see IPMI v2.0 rev. 1.1 §43 */
  sensorRecords(options?: CallOptions): Promise<readonly SdrRecord[]>;
  /** The whole event log in words, oldest entry first; times are epoch milliseconds. @see IPMI v2.0 rev. 1.1 §31, §32 */
  eventLog(options?: CallOptions): Promise<EventLogReport>;
  /**
   * Erases the event log.
   * @param options `expectedNewest`: id of the newest entry that was read; the log is left alone when there is a newer one
   * @throws ConflictError when an entry came in meanwhile; nothing is erased then
   * @see IPMI v2.0 rev. 1.1 §31.4, §31.9
   */
  clearEventLog(options?: CallOptions & { readonly expectedNewest?: number | undefined }): Promise<void>;
  /** The event log's clock, epoch milliseconds; null when it was never set. @see IPMI v2.0 rev. 1.1 §31.10 */
  clock(options?: CallOptions): Promise<number | null>;
  /** Sets that clock, to the second. @param at epoch milliseconds or a Date @see IPMI v2.0 rev. 1.1 §31.11 */
  setClock(at: number | Date, options?: CallOptions): Promise<void>;
  /**
   * What is written on the machine's replaceable parts, by the fields' names.
   * @see IPMI v2.0 rev. 1.1 §34; Platform Management FRU Information Storage Definition v1.0 rev. 1.3
   */
  inventory(options?: CallOptions): Promise<readonly FruInventory[]>;
};

export function createRecordsPart({ board, calls, clock }: PartDeps): RecordsPart {
  const { requester, sdrCache } = board;
  return {
    sensors: (options) => calls.run(options, (signal) => readSensors(requester, sdrCache, signal)),
    sensorRecords: (options) =>
      calls.run(options, async (signal) => (await loadSdrs(requester, sdrCache, signal)).records),
    eventLog: (options) => calls.run(options, (signal) => readNamedEventLog(board, signal)),
    clearEventLog: (options) =>
      calls.run(options, (signal) => clearEventLog({ requester, clock }, options?.expectedNewest ?? null, signal)),
    clock: (options) =>
      calls.run(options, async (signal) =>
        selTimestampToEpochMs((await requester.ask(getSelTime, undefined, signal)).timestamp),
      ),
    setClock: (at, options) =>
      calls.run(options, (signal) => setEventLogClock(requester, typeof at === 'number' ? at : at.getTime(), signal)),
    inventory: (options) => calls.run(options, (signal) => readNamedInventory(board, clock, signal)),
  };
}
