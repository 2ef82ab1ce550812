import type { TimelineEvent } from '../../domain/event.ts';
import type { Hosts } from '../../domain/ports/hosts.ts';
import type { Secrets } from '../../domain/ports/secrets.ts';
import type { Timeline } from '../../domain/ports/timeline.ts';
import type { Step } from '../../domain/step.ts';
import { BugError } from '../../foundation/errors.ts';
import { hostFact } from '../sighted.ts';
import { decideUnlock, type UnlockAction } from './decide.ts';
import { lastSeenOf, type UnlockFacts } from './facts.ts';

export type UnlockDeps = { readonly hosts: Hosts; readonly secrets: Secrets; readonly timeline: Timeline };

/** How far back tries of this boot are looked for. */
const LOOK_BACK_EVENTS = 2000;

/** Stage 1: the encrypted disks are opened over the initrd's SSH. */
export function createUnlockStep({ hosts, secrets, timeline }: UnlockDeps): Step<UnlockFacts, UnlockAction> {
  return {
    name: 'unlock',
    async observe(view, signal) {
      const host = hostFact(await hosts.sight(view.machine, signal));
      if (host.kind === 'stage-3') {
        await using system = await hosts.system(view.machine, signal);
        const { bootId } = await system.look(signal);
        return { host, initrd: null, systemBootId: bootId, triesSpent: {} };
      }
      if (host.kind !== 'stage-1') return { host, initrd: null, systemBootId: null, triesSpent: {} };
      await using initrd = await hosts.initrd(view.machine, signal);
      const facts = await initrd.look(signal);
      const afterSeq = Math.max(0, view.machine.lastSeq - LOOK_BACK_EVENTS);
      const events = await timeline.read(view.machine.id, { afterSeq, limit: LOOK_BACK_EVENTS });
      return { host, initrd: facts, systemBootId: null, triesSpent: countTries(events, facts.bootId) };
    },
    decide: decideUnlock,
    async act(view, action, signal) {
      const disk = view.machine.spec.disks.find((candidate) => candidate.name === action.disk);
      if (disk === undefined) throw new BugError(`disk ${action.disk} was decided on but is not declared`);
      const tell = (type: 'unlock.attempted' | 'unlock.succeeded' | 'unlock.failed', verdict: string | null) =>
        timeline.append(view.machine.id, [
          {
            type,
            source: 'step',
            runId: view.run.id,
            step: 'unlock',
            stage: '1',
            data: { disk: disk.name, bootId: action.bootId, verdict },
          },
        ]);
      // The secret is read before anything is recorded as sent: a missing file costs no try.
      using passphrase = await secrets.open(disk.passphrase, signal);
      await using initrd = await hosts.initrd(view.machine, signal);
      await tell('unlock.attempted', null);
      const verdict = await initrd.answer(action.prompt, passphrase, signal);
      await tell(verdict === 'unlocked' ? 'unlock.succeeded' : 'unlock.failed', verdict);
      return { verdict };
    },
    stage: (facts) => (facts.host.kind === 'stage-1' ? '1' : facts.host.kind === 'stage-3' ? '3' : undefined),
    lastSeen: lastSeenOf,
  };
}

/** Passphrases sent in this boot that were taken: an attempt that found nothing pending cost no try. */
function countTries(events: readonly TimelineEvent[], bootId: string): Record<string, number> {
  const tries: Record<string, number> = {};
  for (const event of events) {
    if (event.data.bootId !== bootId) continue;
    const disk = String(event.data.disk);
    if (event.type === 'unlock.attempted') tries[disk] = (tries[disk] ?? 0) + 1;
    if (event.type === 'unlock.failed' && event.data.verdict === 'nothing-pending')
      tries[disk] = (tries[disk] ?? 1) - 1;
  }
  return tries;
}
