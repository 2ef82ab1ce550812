import type { Clock } from '../../../../foundation/clock.ts';
import type { IpmiCommand } from '../../../../protocols/ipmi/command.ts';
import {
  SetSessionPrivilegeLevelCode,
  setSessionPrivilegeLevel,
} from '../../../../protocols/ipmi/commands/application/set-session-privilege-level.ts';
import {
  type CommandCompletionCodes,
  CompletionCode,
  CompletionCodeError,
} from '../../../../protocols/ipmi/completion-code.ts';
import { describePrivilegeLevel, PrivilegeLevel } from '../../../../protocols/ipmi/privilege-level.ts';
import type { SessionLogin } from '../login/session-login.ts';
import type { Reply } from '../requester.ts';
import type { IpmiSession } from './session.ts';

/** A BMC that was heard so recently in a session still has it, ms: a command that is sent once may go out. */
const CONFIRMED_FOR_MS = 1_000;

const THERE: Reply<unknown> = { kind: 'answered', response: undefined };

/** What the session must be raised to for a command: as little as will do, and never more than the login has. */
export function levelFor(command: Pick<IpmiCommand<never, unknown>, 'privilege'>, session: IpmiSession): number {
  const wanted = command.privilege === 'none' ? PrivilegeLevel.user : command.privilege;
  return Math.min(wanted, session.maximumPrivilege);
}

/** Raises the session to a level if it is lower. @see IPMI v2.0 rev. 1.1 §22.18 */
export async function raiseTo(
  session: IpmiSession,
  level: number,
  waitsMs: Iterable<number>,
  signal: AbortSignal,
): Promise<Reply<unknown>> {
  if (session.privilege >= level) return THERE;
  const reply = await session.request(setSessionPrivilegeLevel, { privilegeLevel: level }, waitsMs, signal);
  if (reply.kind === 'answered') session.privilege = level;
  return reply;
}

/**
 * As {@link raiseTo}, and the BMC has answered in this session just now: what a command that is sent once wants,
 * since in a session that the BMC has forgotten it would be sent for nothing.
 */
export async function confirmLevel(
  clock: Clock,
  session: IpmiSession,
  level: number,
  waitsMs: Iterable<number>,
  signal: AbortSignal,
): Promise<Reply<unknown>> {
  if (session.privilege < level) return raiseTo(session, level, waitsMs, signal);
  if (clock.elapsed() - session.lastHeardAt <= CONFIRMED_FOR_MS) return THERE;
  return session.request(setSessionPrivilegeLevel, { privilegeLevel: session.privilege }, waitsMs, signal);
}

/** What to do about a refusal for want of privilege. */
export function privilegeHint(user: string, level: number): string {
  return `"${user}" is logged in with ${describePrivilegeLevel(level)} at most; raise its limit on the BMC, or configure a higher \`privilege\``;
}

/** A refusal, with what to do about the ones that have an answer. @see IPMI v2.0 rev. 1.1 §22.18 */
export function refusedError(
  what: string,
  command: 'raise' | { readonly completionCodes: CommandCompletionCodes },
  code: number,
  login: SessionLogin,
  session: IpmiSession,
): CompletionCodeError {
  const raising = command === 'raise';
  const limited =
    code === CompletionCode.insufficientPrivilege ||
    (raising &&
      (code === SetSessionPrivilegeLevelCode.notAvailableToUser || code === SetSessionPrivilegeLevelCode.exceedsLimit));
  const hint = limited ? privilegeHint(login.user, session.maximumPrivilege) : '';
  const codes = raising ? setSessionPrivilegeLevel.completionCodes : command.completionCodes;
  return new CompletionCodeError(what, code, codes, hint);
}
