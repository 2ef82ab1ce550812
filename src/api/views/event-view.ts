import { EVENT_TYPES, type TimelineEvent } from '../../domain/event.ts';
import type { EventBody } from '../schema/event.ts';
import { iso } from './time.ts';

/** An event as the API shows it. */
export function viewEvent(event: TimelineEvent): EventBody {
  return {
    machineId: event.machineId,
    seq: event.seq,
    at: iso(event.at),
    type: event.type,
    // A store may hold facts of a type that a later version no longer knows.
    title: (EVENT_TYPES as Readonly<Record<string, string>>)[event.type] ?? event.type,
    source: event.source,
    runId: event.runId ?? null,
    step: event.step ?? null,
    stage: event.stage ?? null,
    data: event.data,
  };
}
