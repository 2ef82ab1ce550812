import type { PowerState, PowerVerb } from '../../../../domain/ports/bmc.ts';
import {
  describeRestartCause,
  type GetSystemRestartCauseResponse,
  RestartCause,
} from '../../../../protocols/ipmi/commands/chassis/get-system-restart-cause.ts';

/** What the controller told of the chassis at one moment. */
export type ChassisMoment = {
  readonly power: PowerState;
  /** Null: the controller does not tell. */
  readonly restart: GetSystemRestartCauseResponse | null;
};

/** Whether a verb, whose answer was lost, was carried out. */
export type VerbEvidence = {
  readonly verdict: 'happened' | 'did-not-happen' | 'unknown';
  /** One sentence, for the report. */
  readonly reason: string;
};

export type EvidenceOptions = {
  /**
   * This controller has been seen to tell "Chassis Control command" as restart cause. Without it an unchanged cause says
   * nothing: many boards answer 00h, or what brought the machine up at first, for ever. Default false.
   */
  readonly recordsChassisControl?: boolean;
};

/**
 * Tells from the chassis before a verb and after it, with the machine left in peace for as long as the verb takes,
 * whether the verb was carried out. Pure: it decides nothing about sending again.
 *
 * Rules, in order:
 * 1. `on` and `off` are seen in the power state itself: reached means happened, the old state means it did not. When
 *    the state was there already, nothing can be told, and nothing needs to be.
 * 2. `soft-off` happened when the power is gone; while it is on, the operating system may still be going down.
 * 3. `diag` leaves no trace in either place.
 * 4. `reset` of a machine that was and is off did nothing. `cycle` of one may be in its pause.
 * 5. `reset`, `cycle`: when the cause is now "Chassis Control command" and was another one before, or came by another
 *    channel, some Chassis Control command has restarted the machine since.
 * 6. When the cause was known, is the same now, and is not "Chassis Control command", no such command has restarted
 *    it — on a controller that is known to record them, and with the power on.
 * 7. All else is unknown: cause "Chassis Control command" before and after (the record is no counter), another cause
 *    than before (somebody restarted it in yet another way, perhaps after the verb), no record.
 *
 * Limits. The record does not name the sender: another client's command in the same seconds looks like ours. It is
 * written when the machine restarts; a verdict from a reading before that says "did not happen" too early.
 * @see IPMI v2.0 rev. 1.1 §28.11, Table 28-11
 */
export function verbEvidence(
  verb: PowerVerb,
  before: ChassisMoment,
  after: ChassisMoment,
  options: EvidenceOptions = {},
): VerbEvidence {
  switch (verb) {
    case 'on':
    case 'off':
      return stateEvidence(verb, before.power, after.power);
    case 'soft-off':
      if (before.power === 'off') return unknown('the machine was off before');
      if (after.power === 'off') return happened('the power is off now');
      return unknown('the power is still on, and the operating system may be shutting down');
    case 'diag':
      return unknown('a diagnostic interrupt leaves no trace in the chassis');
    case 'reset':
    case 'cycle':
      return restartEvidence(verb, before, after, options);
  }
}

function stateEvidence(verb: 'on' | 'off', before: PowerState, after: PowerState): VerbEvidence {
  if (before === verb) return unknown(`the power was ${verb} before`);
  return after === verb ? happened(`the power is ${verb} now`) : didNotHappen(`the power is still ${after}`);
}

function restartEvidence(
  verb: 'reset' | 'cycle',
  before: ChassisMoment,
  after: ChassisMoment,
  options: EvidenceOptions,
): VerbEvidence {
  if (after.power === 'off') {
    if (before.power === 'off' && verb === 'reset') return didNotHappen('the machine was off and is off');
    return unknown('the power is off, as it is in the middle of a cycle');
  }
  if (before.restart === null || after.restart === null) return unknown('the controller keeps no restart cause');
  const cause = describeRestartCause(after.restart.cause);
  const changed = before.restart.cause !== after.restart.cause;
  if (after.restart.cause === RestartCause.chassisControl) {
    if (changed) return happened(`the restart cause has become "${cause}"`);
    if (otherChannel(before.restart, after.restart)) return happened(`"${cause}" has come by another channel since`);
    return unknown(`the restart cause was "${cause}" before, and is no counter`);
  }
  if (changed) return unknown(`the restart cause is "${cause}": something else has restarted the machine`);
  if (before.power === 'off') return unknown('the machine was off, and the restart cause is as before');
  if (after.restart.cause === RestartCause.unknown) return unknown('the controller does not know the restart cause');
  if (options.recordsChassisControl) return didNotHappen(`the restart cause is still "${cause}"`);
  return unknown(`the restart cause is still "${cause}", but this controller may not record commands`);
}

function otherChannel(before: GetSystemRestartCauseResponse, after: GetSystemRestartCauseResponse): boolean {
  return before.channel !== undefined && after.channel !== undefined && before.channel !== after.channel;
}

const happened = (reason: string): VerbEvidence => ({ verdict: 'happened', reason });
const didNotHappen = (reason: string): VerbEvidence => ({ verdict: 'did-not-happen', reason });
const unknown = (reason: string): VerbEvidence => ({ verdict: 'unknown', reason });
