import type { RunBody, RunKindBody, RunStateBody } from '../../api/schema/run.ts';

export type StepName = RunBody['steps'][number]['name'];

export const RUN_STATE_WORDS: Readonly<Record<RunStateBody, string>> = {
  queued: 'queued',
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
};

export const RUN_KIND_WORDS: Readonly<Record<RunKindBody, string>> = {
  power: 'Power',
  boot: 'Boot',
  unlock: 'Unlock',
  rebuild: 'Rebuild',
  reboot: 'Reboot',
  update: 'Update',
};

/** What each step reaches, for whoever wonders about its name. */
export const STEP_MEANINGS: Readonly<Record<StepName, string>> = {
  power: 'Reach the power state',
  'power-on': 'Power the machine on',
  netboot: 'Boot kernel and initrd over the network',
  unlock: 'Unlock the encrypted disks in stage 1',
  system: 'See the system come up in stage 3',
  activate: 'Build and activate the new generation',
  reboot: 'Reboot the machine',
  verify: 'Prove the boot',
  session: 'See the user session in stage 4',
  commit: 'Record the generation as proven',
};

/** The order with its chief parameter: "Power: cycle", "Rebuild: switch". */
export function runTitle(kind: RunKindBody, request: Readonly<Record<string, unknown>> = {}): string {
  const detail = kind === 'power' ? request.verb : kind === 'rebuild' ? (request.action ?? 'boot') : undefined;
  return detail === undefined ? RUN_KIND_WORDS[kind] : `${RUN_KIND_WORDS[kind]}: ${String(detail)}`;
}

export function isActive(state: RunStateBody): boolean {
  return state === 'queued' || state === 'running';
}
