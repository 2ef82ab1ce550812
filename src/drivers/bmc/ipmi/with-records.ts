import type { EventLogReport, FruInventory } from '../../../domain/hardware.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { RefusedError } from '../../../foundation/errors.ts';
import type { SdrRecord } from '../../../protocols/ipmi/sdr/sdr-record.ts';
import { describeSelRecord } from '../../../protocols/ipmi/sel/describe-sel-record.ts';
import type { IpmiBoard } from './board.ts';
import { readEventLog } from './event-log/read-event-log.ts';
import { readInventory } from './inventory/read-inventory.ts';
import { eventSensors, fruLocators } from './sensors/known-parts.ts';
import { loadSdrs } from './sensors/sdr-cache.ts';

/** The event log, its entries by the names that the sensor data records give. */
export async function readNamedEventLog(board: IpmiBoard, signal: AbortSignal): Promise<EventLogReport> {
  const sensors = eventSensors(await recordsOf(board, signal));
  return readEventLog(board.requester, (record) => describeSelRecord(record, sensors), signal);
}

/** The inventory of every part that the sensor data records name, and of the controller's own. */
export async function readNamedInventory(
  board: IpmiBoard,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly FruInventory[]> {
  return readInventory({ requester: board.requester, clock }, fruLocators(await recordsOf(board, signal)), signal);
}

/** None, from a controller without a repository: log and inventory are told all the same, with numbers for names. */
async function recordsOf({ requester, sdrCache }: IpmiBoard, signal: AbortSignal): Promise<readonly SdrRecord[]> {
  try {
    return (await loadSdrs(requester, sdrCache, signal)).records;
  } catch (error) {
    if (error instanceof RefusedError) return [];
    throw error;
  }
}
