import type { PowerState, PowerVerb } from '../../../../domain/ports/bmc.ts';
import type { Clock } from '../../../../foundation/clock.ts';
import { getChassisStatus } from '../../../../protocols/ipmi/commands/chassis/get-chassis-status.ts';
import type { IpmiRequester } from '../requester.ts';
import { sendPowerVerb } from './power.ts';

export type ReachPowerOptions = {
  /** How long a controller may take to show the effect of a verb, milliseconds. Default 15000; 120000 for `soft-off`. */
  readonly settleMs?: number;
  /** Between looks, milliseconds. Default 500. */
  readonly pollMs?: number;
};

/**
 * How a verb ended. `reached`: the machine shows it, or the controller accepted a verb that shows nowhere; `already`: nothing
 * was sent; `refused`; `no-effect`: accepted, and the machine stayed as it was; `unknown`: sent once, and whether
 * it was carried out cannot be told.
 */
export type PowerResult =
  | { readonly outcome: 'reached'; readonly power: PowerState; readonly evidence: string }
  | { readonly outcome: 'already'; readonly power: PowerState }
  | { readonly outcome: 'refused'; readonly reason: string }
  | { readonly outcome: 'no-effect'; readonly power: PowerState }
  | { readonly outcome: 'unknown'; readonly reason: string };

const GOALS: Readonly<Partial<Record<PowerVerb, PowerState>>> = { on: 'on', off: 'off', 'soft-off': 'off' };
const SETTLE_MS = 15_000;
const SOFT_SETTLE_MS = 120_000;
const POLL_MS = 500;

/**
 * Brings the machine where the verb says, or tells plainly that it cannot know: the state is read, the verb is sent
 * once, on silence it is never sent again, and the state is read until it shows the goal or the time is over.
 * `reset`, `cycle` and `diag` want a machine that is on; one that is off is `refused`.
 * @throws AuthenticationError, UnreachableError, DeadlineError before the verb was sent
 */
export async function reachPower(
  { clock }: { readonly clock: Clock },
  requester: IpmiRequester,
  verb: PowerVerb,
  options: ReachPowerOptions,
  hint: string,
  signal: AbortSignal,
): Promise<PowerResult> {
  const read = async (): Promise<PowerState> =>
    (await requester.ask(getChassisStatus, undefined, signal)).powerOn ? 'on' : 'off';
  const goal = GOALS[verb];
  const start = await read();
  if (goal === start) return { outcome: 'already', power: start };
  if (goal === undefined && start === 'off') {
    return { outcome: 'refused', reason: `the machine is off: there is nothing to ${verb}` };
  }
  const sent = await sendPowerVerb(requester, verb, hint, signal);
  if (sent.kind === 'refused') return { outcome: 'refused', reason: sent.reason };
  if (goal === undefined) {
    if (sent.kind === 'already') return { outcome: 'refused', reason: 'the present state does not allow it (D5h)' };
    if (sent.kind === 'accepted') {
      return { outcome: 'reached', power: start, evidence: sent.evidence ?? 'accepted by the controller' };
    }
    return { outcome: 'unknown', reason: sent.evidence ?? 'no answer, and it leaves no trace' };
  }
  const settleMs = options.settleMs ?? (verb === 'soft-off' ? SOFT_SETTLE_MS : SETTLE_MS);
  const shown = await waitFor(clock, goal, read, settleMs, options.pollMs ?? POLL_MS, signal);
  if (shown === goal) return { outcome: 'reached', power: goal, evidence: `the power is ${goal}` };
  if (shown === undefined) return { outcome: 'unknown', reason: 'sent, and the power cannot be read' };
  if (sent.kind === 'silent') return { outcome: 'unknown', reason: `no answer, and the power is still ${shown}` };
  return { outcome: 'no-effect', power: shown };
}

/** The last state seen within the time, or undefined when none could be read. */
async function waitFor(
  clock: Clock,
  goal: PowerState,
  read: () => Promise<PowerState>,
  settleMs: number,
  pollMs: number,
  signal: AbortSignal,
): Promise<PowerState | undefined> {
  const until = clock.elapsed() + settleMs;
  let last: PowerState | undefined;
  for (;;) {
    try {
      last = await read();
      if (last === goal) return last;
    } catch {
      // A controller may be silent while its machine switches; the next look tells. An abort is told by the signal.
      signal.throwIfAborted();
    }
    if (clock.elapsed() + pollMs > until) return last;
    await clock.sleep(pollMs, signal);
  }
}
