import type { StageBody } from '../../api/schema/machine.ts';

type StageWords = { readonly short: string; readonly name: string; readonly meaning: string };

/** Stages in the order in which a machine goes through them, after `unknown`. */
export const STAGES: readonly StageBody[] = ['unknown', 'off', '0', '1', '2', '3', '4'];

/** The stages that a track shows as its stations. */
export const STATIONS: readonly StageBody[] = ['0', '1', '2', '3', '4'];

export const STAGE_WORDS: Readonly<Record<StageBody, StageWords>> = {
  unknown: { short: '?', name: 'unknown', meaning: 'Nothing was seen of it yet.' },
  off: { short: 'off', name: 'off', meaning: 'Powered off, as its BMC says.' },
  '0': { short: '0', name: 'firmware', meaning: 'Firmware, netboot or boot loader.' },
  '1': { short: '1', name: 'initrd', meaning: 'Kernel and initrd; disks are unlocked here.' },
  '2': { short: '2', name: 'set-up', meaning: 'The real root is being set up.' },
  '3': { short: '3', name: 'system', meaning: 'systemd runs the services.' },
  '4': { short: '4', name: 'session', meaning: 'The user session is there.' },
};

/** "stage 1, initrd"; "off"; "unknown". */
export function stageText(stage: StageBody): string {
  const { short, name } = STAGE_WORDS[stage];
  return stage === 'off' || stage === 'unknown' ? name : `stage ${short}, ${name}`;
}

export function isStage(text: string | null): text is StageBody {
  return text !== null && Object.hasOwn(STAGE_WORDS, text);
}
