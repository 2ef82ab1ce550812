import type { PowerOutcome, PowerVerb } from '../../../../domain/ports/bmc.ts';
import { ChassisControl, chassisControl } from '../../../../protocols/ipmi/commands/chassis/chassis-control.ts';
import { getChassisStatus } from '../../../../protocols/ipmi/commands/chassis/get-chassis-status.ts';
import { CompletionCode, describeCompletionCode } from '../../../../protocols/ipmi/completion-code.ts';
import type { IpmiRequester } from '../requester.ts';
import { readRestartCause } from './restart-cause.ts';
import { type ChassisMoment, verbEvidence } from './restart-evidence.ts';

const actions: Readonly<Record<PowerVerb, number>> = {
  on: ChassisControl.powerUp,
  off: ChassisControl.powerDown,
  'soft-off': ChassisControl.softShutdown,
  cycle: ChassisControl.powerCycle,
  reset: ChassisControl.hardReset,
  diag: ChassisControl.pulseDiagnosticInterrupt,
};

/** Verbs that leave the power as it was: only the restart cause can tell afterwards whether they happened. */
const NEED_RESTART_CAUSE: ReadonlySet<PowerVerb> = new Set(['cycle', 'reset']);

/**
 * Sends a chassis verb once, and never again. When the answer stays away, the chassis is looked at for proof that the
 * verb was carried out; what cannot be told is `silent`.
 * @param hint what to do when the account may not switch power
 * @throws what reading throws, before anything was sent
 * @see IPMI v2.0 rev. 1.1 §28.3: D5h when the present state does not allow the action
 */
export async function sendPowerVerb(
  requester: IpmiRequester,
  verb: PowerVerb,
  hint: string,
  signal: AbortSignal,
): Promise<PowerOutcome> {
  const before = NEED_RESTART_CAUSE.has(verb) ? await lookAt(requester, signal) : undefined;
  const reply = await requester.once(chassisControl, { action: actions[verb] }, signal);
  switch (reply.kind) {
    case 'answered':
      return { kind: 'accepted' };
    case 'refused': {
      const meaning = describeCompletionCode(reply.completionCode);
      if (reply.completionCode === CompletionCode.notInPresentState) return { kind: 'already' };
      const reason = reply.completionCode === CompletionCode.insufficientPrivilege ? `${meaning}; ${hint}` : meaning;
      return { kind: 'refused', reason };
    }
    case 'silent':
      return before === undefined ? { kind: 'silent' } : await afterSilence(requester, verb, before, signal);
  }
}

async function afterSilence(
  requester: IpmiRequester,
  verb: PowerVerb,
  before: ChassisMoment,
  signal: AbortSignal,
): Promise<PowerOutcome> {
  try {
    const { verdict, reason } = verbEvidence(verb, before, await lookAt(requester, signal));
    return verdict === 'happened' ? { kind: 'accepted', evidence: reason } : { kind: 'silent', evidence: reason };
  } catch {
    // Nothing can be looked at: the verb is out, and that is all there is to say. An abort is told by the signal.
    signal.throwIfAborted();
    return { kind: 'silent' };
  }
}

/** The chassis at this moment, as far as the controller tells. */
export async function lookAt(requester: IpmiRequester, signal: AbortSignal): Promise<ChassisMoment> {
  const { powerOn } = await requester.ask(getChassisStatus, undefined, signal);
  return { power: powerOn ? 'on' : 'off', restart: await readRestartCause(requester, signal) };
}
