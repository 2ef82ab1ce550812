import type { InitrdFacts, PendingPrompt } from '../../domain/ports/hosts.ts';
import type { ActionRecord, Decision, StepView } from '../../domain/step.ts';
import { earlier, resultObject, textOf } from '../past-acts.ts';
import { strangerError } from '../sighted.ts';
import type { UnlockFacts } from './facts.ts';
import { exhausted, notEnrolled, triesSpent, wrongPassphrase } from './refusals.ts';
import { judgeSent, sentTo } from './sent.ts';

export type UnlockAction = { readonly disk: string; readonly prompt: PendingPrompt; readonly bootId: string };

/** At most this many passphrases for a disk in one boot, by all runs: the last of cryptsetup's three stays for a human. */
const TRIES_PER_BOOT = 2;

/**
 * Stage 1: one passphrase for each enrolled disk that is being asked for. A wrong one ends the run and is never tried
 * again by itself. After a crash, a prompt that still has its old id has not consumed the passphrase.
 */
export function decideUnlock(view: StepView, facts: UnlockFacts, now: number): Decision<UnlockAction> {
  switch (facts.host.kind) {
    case 'stranger':
      return { kind: 'fail', error: strangerError(facts.host, view.machine.spec.name) };
    case 'stage-3':
      return inStage3(view, facts);
    case 'absent':
      return gone(view, facts);
    case 'stage-1':
      return facts.initrd === null ? wait('to be let into stage 1') : inStage1(view, facts, facts.initrd, now);
  }
}

/** A requested reboot must show: the old system may still answer for a while. */
function inStage3(view: StepView, facts: UnlockFacts): Decision<UnlockAction> {
  const before = textOf(earlier(view, 'reboot'), 'bootIdBefore');
  if (facts.systemBootId === null) return wait('to be let into stage 3');
  if (before !== undefined && facts.systemBootId === before) return wait('for the old system to go down');
  return done(view);
}

function gone(view: StepView, facts: UnlockFacts): Decision<UnlockAction> {
  const opened = openedDisks(view);
  const all = view.machine.spec.disks.every((disk) => opened.has(disk.name));
  return all ? done(view) : wait(`for stage-1 SSH (${String(facts.host.why)})`);
}

function inStage1(view: StepView, facts: UnlockFacts, initrd: InitrdFacts, now: number): Decision<UnlockAction> {
  const name = view.machine.spec.name;
  const enrolled = new Set(view.machine.spec.disks.map((disk) => disk.name));
  for (const prompt of initrd.prompts) {
    if (!enrolled.has(prompt.disk)) continue;
    const sent = sentTo(view, prompt.disk, initrd.bootId);
    const judged = sent === undefined ? 'send' : judgeSent(sent, prompt, now);
    if (judged === 'wrong') return { kind: 'fail', error: wrongPassphrase(name, prompt.disk) };
    if (judged === 'exhausted') return { kind: 'fail', error: exhausted(name, prompt.disk) };
    if (judged === 'wait') return wait(`for stage 1 to take the passphrase of ${prompt.disk}`, 500);
    const spent = facts.triesSpent[prompt.disk] ?? 0;
    // A try that was recorded but provably not consumed is the same try, not another one.
    if (sent === undefined && spent >= TRIES_PER_BOOT)
      return { kind: 'fail', error: triesSpent(name, prompt.disk, spent) };
    return act(prompt, initrd.bootId);
  }
  const spentDisk = initrd.exhausted.find((disk) => enrolled.has(disk));
  if (spentDisk !== undefined) return { kind: 'fail', error: exhausted(name, spentDisk) };
  const wrong = lastWrong(view, initrd.bootId);
  if (wrong !== undefined) return { kind: 'fail', error: wrongPassphrase(name, wrong) };
  const stranger = initrd.prompts.find((prompt) => !enrolled.has(prompt.disk));
  if (stranger !== undefined) return { kind: 'fail', error: notEnrolled(name, stranger.disk) };
  const open = view.machine.spec.disks.every((disk) => initrd.unlocked.includes(disk.name));
  return wait(open ? 'for stage 1 to hand over' : 'for stage 1 to ask for a passphrase', 500);
}

function act(prompt: PendingPrompt, bootId: string): Decision<UnlockAction> {
  return {
    kind: 'act',
    label: 'send-passphrase',
    action: { disk: prompt.disk, prompt, bootId },
    detail: { disk: prompt.disk, promptId: prompt.id, bootId },
  };
}

function done(view: StepView): Decision<UnlockAction> {
  const sends = view.actions.filter((sent) => sent.label === 'send-passphrase');
  const bootId = sends.at(-1)?.detail.bootId;
  return { kind: 'done', result: { bootId: bootId ?? null, disks: [...openedDisks(view)] } };
}

function openedDisks(view: StepView): Set<string> {
  const opened = view.actions.filter((sent) => verdictOf(sent) === 'unlocked');
  return new Set(opened.map((sent) => String(sent.detail.disk)));
}

function lastWrong(view: StepView, bootId: string): string | undefined {
  const last = view.actions.findLast((sent) => sent.label === 'send-passphrase' && sent.detail.bootId === bootId);
  return last !== undefined && verdictOf(last) === 'wrong' ? String(last.detail.disk) : undefined;
}

function verdictOf(sent: ActionRecord): string | undefined {
  return textOf(resultObject(sent), 'verdict');
}

function wait(why: string, recheckMs = 500): Decision<UnlockAction> {
  return { kind: 'wait', why, recheckMs };
}
