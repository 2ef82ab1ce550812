import type {
  ChassisReport,
  EventLogReport,
  FruInventory,
  Health,
  LogEntry,
  RawAnswer,
  SensorReading,
} from '../../domain/hardware.ts';
import type { BootOverride, BootOverrideReport } from '../../domain/ports/bmc.ts';
import type {
  BootOverrideSetBody,
  ChassisBody,
  EventLogBody,
  FruBody,
  LogEntryBody,
  RawAnswerBody,
  SensorBody,
} from '../schema/hardware.ts';
import { isoOrNull } from './time.ts';

/** What a controller tells, as the API shows it. */

export function viewChassis(report: ChassisReport): ChassisBody {
  return { ...report, lastPowerEvents: [...report.lastPowerEvents] };
}

const RANK: Readonly<Record<Health, number>> = { 'non-recoverable': 0, critical: 1, warning: 2, ok: 3, unknown: 4 };

export type SensorFilter = { readonly type?: string; readonly problems?: boolean };

/** The sensors asked for, worst first, and otherwise in the controller's order. */
export function viewSensors(
  readings: readonly SensorReading[],
  { type, problems = false }: SensorFilter,
): SensorBody[] {
  return readings
    .filter((sensor) => type === undefined || sensor.type.toLowerCase() === type.toLowerCase())
    .filter(({ health }) => !problems || RANK[health] <= RANK.warning)
    .sort((a, b) => RANK[a.health] - RANK[b.health])
    .map((sensor) => ({ ...sensor, states: [...sensor.states] }));
}

export function viewLogEntry(entry: LogEntry): LogEntryBody {
  return { ...entry, at: isoOrNull(entry.at) };
}

/** A page of the log; without `after` its newest entries. Ids need not grow along the log, so the place is what counts. */
export function viewEventLog(
  { entries, freeBytes, overflow, clockAt }: EventLogReport,
  { limit, after }: { readonly limit: number; readonly after?: number },
): EventLogBody {
  const last = after === undefined ? -1 : entries.findLastIndex(({ id }) => id === after);
  const from = after === undefined ? Math.max(0, entries.length - limit) : last + 1;
  const page = entries.slice(from, from + limit);
  const more = from + page.length < entries.length;
  return {
    items: page.map(viewLogEntry),
    next: more ? (page.at(-1)?.id ?? null) : null,
    total: entries.length,
    freeBytes,
    overflow,
    clockAt: isoOrNull(clockAt),
  };
}

export function viewFru(inventory: FruInventory): FruBody {
  const { chassis, board, product, problems } = inventory;
  const area = (fields: FruInventory['board']) => (fields === null ? null : { ...fields });
  return { ...inventory, chassis: area(chassis), board: area(board), product: area(product), problems: [...problems] };
}

/** What reads back of an override, and whether that is what was asked for. */
export function viewOverrideSet(asked: BootOverride, read: BootOverrideReport): BootOverrideSetBody {
  const { device, valid, persistent, efi } = read;
  const none = device === 'none' || !valid;
  const same = valid && device === asked.device && persistent === asked.persistent && efi === asked.efi;
  return { device, valid, persistent, efi, stuck: asked.device === 'none' ? none : same };
}

export function viewRawAnswer(answer: RawAnswer): RawAnswerBody {
  if (answer.kind === 'silent') return { outcome: 'unknown' };
  const { completionCode, meaning, data } = answer;
  return { outcome: 'answered', completionCode, meaning, data: data.toString('hex') };
}
