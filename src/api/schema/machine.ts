import { z } from 'zod';
import type { MachineSpec } from '../../domain/machine.ts';
import { timestamp } from './common.ts';
import { runSummarySchema } from './run.ts';

/** Checked by the configuration's schema, which is also what the description shows for it. */
export const machineSpecSchema = z.custom<MachineSpec>();

const stage = z
  .enum(['unknown', 'off', '0', '1', '2', '3', '4'])
  .describe('off, 0 firmware, 1 initrd, 2 set-up, 3 services, 4 user session; unknown until something was seen.');

const seen = {
  id: z.string().describe('Stays when the name changes.'),
  name: z.string(),
  source: z.enum(['config', 'api']).describe('config machines follow the file and cannot be changed here.'),
  stage,
  stageAt: timestamp.describe('When the stage was last seen.'),
  lastSeq: z.int().describe('Number of the last event.'),
  run: runSummarySchema.nullable().describe('The active run.'),
  lastRun: runSummarySchema.nullable().describe('The latest run that has ended.'),
};

/** One machine as it is declared and as it was last seen. */
export const machineSchema = z
  .strictObject({
    ...seen,
    spec: machineSpecSchema.describe(
      'As declared; secrets are references, and of commands only the program is shown unless to an admin.',
    ),
    createdAt: timestamp,
    updatedAt: timestamp.describe('When the declaration last changed.'),
  })
  .describe('A managed machine.');

/** A machine in the fleet feed. */
export const fleetMachineSchema = z
  .strictObject({ ...seen, address: z.string() })
  .describe('A machine as the fleet feed shows it.');

export type MachineBody = z.infer<typeof machineSchema>;
export type FleetMachineBody = z.infer<typeof fleetMachineSchema>;
export type MachineSpecBody = MachineSpec;
export type StageBody = z.infer<typeof stage>;

/** A generation that proved itself. */
export const generationSchema = z.strictObject({
  toplevel: z.string().describe('Store path of the system closure.'),
  runId: z.string(),
  provenAt: timestamp,
});
export type GenerationBody = z.infer<typeof generationSchema>;
