import type { Decision, StepView } from '../../domain/step.ts';
import { earlier } from '../past-acts.ts';
import { strangerError } from '../sighted.ts';
import { lastSeenOf, type NetbootFacts, tookAll } from './facts.ts';

export type NetbootAction = { readonly kind: 'disarm' };

/**
 * Waits until all that is booted was fetched and the booted system proves itself by a pinned host key; only
 * then is the attempt ended. Counting requests would end it too early: firmware asks as often as it likes.
 */
export function decideNetboot(view: StepView, facts: NetbootFacts): Decision<NetbootAction> {
  if (facts.host.kind === 'stranger') return { kind: 'fail', error: strangerError(facts.host, view.machine.spec.name) };
  const isUp = facts.host.kind === 'stage-1' || facts.host.kind === 'stage-3';
  const already = earlier(view, 'power-on')?.already;
  const fetched = tookAll(facts);
  // What is to boot from its own disk has done so, whoever led it there.
  const asWanted = fetched || facts.boot === 'local-disk' || typeof already === 'string';
  if (isUp && asWanted) {
    if (facts.armed) return { kind: 'act', label: 'disarm', action: { kind: 'disarm' } };
    return { kind: 'done', result: { netbooted: fetched } };
  }
  if (isUp) {
    return {
      kind: 'fail',
      // In stage 1 nothing is mounted yet, so switching it off for another round harms nothing.
      again: facts.host.kind === 'stage-1',
      error: {
        code: 'booted-otherwise',
        message: `${view.machine.spec.name} came up without fetching what it was to netboot (${lastSeenOf({ ...facts, host: { kind: 'absent', why: '' } })})`,
        hint: 'Its firmware ignored the boot override or gave up on the network: check the boot order and that the LAN reaches our DHCP. Or order the run with netboot: false.',
      },
    };
  }
  return { kind: 'wait', why: lastSeenOf(facts), recheckMs: 500 };
}
