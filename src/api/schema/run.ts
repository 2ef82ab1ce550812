import { z } from 'zod';
import { RUN_KINDS, type RunRequest, STEP_NAMES } from '../../domain/run.ts';
import { timestamp } from './common.ts';

const netboot = z
  .exactOptional(z.boolean())
  .describe('Boot over the network. Default: as the machine is declared; reboot goes to the disk.');
const rebuildFields = {
  flake: z.exactOptional(z.string().max(1024)).describe("Flake reference. Default: the machine's own."),
  attribute: z
    .exactOptional(z.string().max(128))
    .describe("Attribute under nixosConfigurations. Default: the machine's own."),
  refresh: z.exactOptional(z.boolean()).describe("Expire nix's caches first. Default: the machine's own, else true."),
};

/** Body of POST /machines/{name}/runs. */
export const runRequestSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('power'),
      verb: z
        .enum(['on', 'off', 'soft-off', 'cycle', 'reset', 'diag'])
        .describe('Reached as a goal, sent at most once.'),
    }),
    z.strictObject({ kind: z.literal('boot'), netboot }),
    z.strictObject({ kind: z.literal('unlock') }),
    z.strictObject({
      kind: z.literal('rebuild'),
      action: z.exactOptional(z.enum(['boot', 'switch', 'test', 'dry-activate', 'build'])).describe('Default boot.'),
      ...rebuildFields,
    }),
    z.strictObject({ kind: z.literal('reboot'), netboot }),
    z.strictObject({ kind: z.literal('update'), netboot, ...rebuildFields }),
  ])
  .describe('What is ordered.');

// What passes here is what the domain calls a request; a difference fails the type check.
export const runRequestCheck: z.ZodType<RunRequest> = runRequestSchema;

export const runStateSchema = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']);
export const runKindSchema = z.enum(RUN_KINDS);

export const runStepSchema = z
  .strictObject({
    index: z.int().describe('Place in the plan; `step` of the output route.'),
    name: z.enum(STEP_NAMES),
    state: z.enum(['pending', 'active', 'done', 'failed', 'cancelled']),
    deadlineSeconds: z.number(),
    result: z.unknown().describe('What the step found or did; null when it is not done.'),
  })
  .describe('One step of the plan.');

export const runErrorSchema = z
  .strictObject({
    code: z.string(),
    message: z.string(),
    step: z.enum(STEP_NAMES).nullable(),
    hint: z.string().nullable().describe('What can be done about it.'),
    lastSeen: z.string().nullable().describe('The last thing seen of the machine.'),
    details: z.record(z.string(), z.unknown()).nullable(),
  })
  .describe('Why a run ended badly.');

/** One run, with its plan and how far it got. */
export const runSchema = z
  .strictObject({
    id: z.string(),
    machineId: z.string(),
    machine: z.string().nullable().describe("The machine's name; null when it was removed."),
    kind: runKindSchema,
    request: z.looseObject({ kind: runKindSchema }).describe('What was ordered.'),
    state: runStateSchema,
    step: z.enum(STEP_NAMES).nullable().describe('The step being driven; null before the first and after the end.'),
    stepIndex: z.int().describe('Place of that step in the plan, or of the last one driven.'),
    stepEnteredAt: timestamp.nullable(),
    stepDeadlineAt: timestamp.nullable(),
    round: z.int().describe('1 at first; one more each time the run went back.'),
    steps: z.array(runStepSchema),
    error: runErrorSchema.nullable(),
    actor: z.string().describe('Who ordered it: the name of a token.'),
    createdAt: timestamp,
    startedAt: timestamp.nullable(),
    endedAt: timestamp.nullable(),
    cancelRequestedAt: timestamp.nullable(),
  })
  .describe('A durable job on one machine.');

/** A run in one line, as machines carry it. */
export const runSummarySchema = z
  .strictObject({
    id: z.string(),
    kind: runKindSchema,
    state: runStateSchema,
    step: z.enum(STEP_NAMES).nullable(),
    stepIndex: z.int(),
    stepCount: z.int(),
    stepEnteredAt: timestamp.nullable(),
    createdAt: timestamp,
    startedAt: timestamp.nullable(),
    endedAt: timestamp.nullable(),
    errorCode: z.string().nullable(),
  })
  .describe('A run in one line.');

export type RunBody = z.infer<typeof runSchema>;
export type RunStepBody = z.infer<typeof runStepSchema>;
export type RunErrorBody = z.infer<typeof runErrorSchema>;
export type RunSummaryBody = z.infer<typeof runSummarySchema>;
export type RunRequestBody = z.infer<typeof runRequestSchema>;
export type RunKindBody = z.infer<typeof runKindSchema>;
export type RunStateBody = z.infer<typeof runStateSchema>;
