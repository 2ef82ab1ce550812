import { z } from 'zod';
import { timestamp } from './common.ts';

/** One thing that was wrong with a boot. */
export const bootFindingSchema = z
  .strictObject({
    code: z.string().describe('Stable: nothing-heard, offer-not-taken, other-server-chosen, script-not-fetched, …'),
    severity: z.enum(['error', 'warning']),
    message: z.string(),
    hint: z.string().describe('What can be done about it.'),
    evidence: z.array(z.string()).describe('What was seen, a line each.'),
    foundAt: timestamp,
    overAt: timestamp.nullable().describe('The boot came further after it; null while it did not.'),
  })
  .describe('Something wrong with a boot, by its packets.');
export type BootFindingBody = z.infer<typeof bootFindingSchema>;

/** One boot attempt as it was seen. */
export const bootAttemptSchema = z
  .strictObject({
    runId: z.string(),
    round: z.int(),
    startedAt: timestamp.describe('When it was armed.'),
    endedAt: timestamp.nullable().describe('Null while it is armed.'),
    packets: z.int().describe('Packets kept: the last ones.'),
    reached: z.string().nullable().describe('The furthest stage; null for none.'),
    reachedText: z.string().describe('The same in words.'),
    stages: z
      .array(z.strictObject({ stage: z.string(), text: z.string(), at: timestamp }))
      .describe('Stages that were reached, in the order of a boot, with when each was first.'),
    passes: z.int().describe('How often the machine began anew, the first time counting.'),
    findings: z.array(bootFindingSchema),
  })
  .describe('One boot attempt, as far as it was seen; written every few seconds while it goes on.');
export type BootAttemptBody = z.infer<typeof bootAttemptSchema>;

export const bootAttemptParams = z.strictObject({
  name: z.string().min(1).max(100).describe("The machine's name or id."),
  runId: z.string().min(1).max(100).describe('Id of the run.'),
  round: z.coerce.number().int().min(1).max(1_000_000).describe('Round of the run.'),
});
