import { z } from 'zod';
import { EVENT_TYPES, type EventType } from '../../domain/event.ts';
import { timestamp } from './common.ts';

/** Names of the event types of this version; what each one's data holds stands beside it in `domain/event.ts`. */
export const eventTypeSchema = z
  .string()
  .meta({ examples: Object.keys(EVENT_TYPES) })
  .describe('A past-tense fact; see the examples for all of this version.');

/** One fact of the timeline. */
export const eventSchema = z
  .strictObject({
    machineId: z.string(),
    seq: z.int().describe('Numbered without gaps within the machine.'),
    at: timestamp,
    type: eventTypeSchema,
    title: z.string().describe('The type in words.'),
    source: z.enum(['api', 'config', 'engine', 'step', 'dhcp', 'tftp', 'http', 'console', 'doctor']),
    runId: z.string().nullable(),
    step: z.string().nullable(),
    stage: z.string().nullable().describe('The stage this proves the machine to be in.'),
    data: z.record(z.string(), z.unknown()),
  })
  .describe('One past-tense fact.');

export type EventBody = z.infer<typeof eventSchema>;
/** Types of this version; an older store may hold others. */
export type EventTypeBody = EventType;

/** A page of events, oldest first. */
export const eventPageSchema = z.strictObject({
  items: z.array(eventSchema),
  next: z.int().nullable().describe('`after` of the next page; null when there is none yet.'),
});
export type EventPageBody = z.infer<typeof eventPageSchema>;

/** Data of the feed's last message. */
export const feedEndSchema = z.strictObject({
  reason: z.enum(['run-ended', 'machine-removed']),
  state: z.string().nullable().describe("The run's state, for `run-ended`."),
});
export type FeedEndBody = z.infer<typeof feedEndSchema>;
