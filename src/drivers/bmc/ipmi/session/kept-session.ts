import { UnreachableError } from '../../../../foundation/errors.ts';
import { retrySchedule } from '../../../../foundation/retry-schedule.ts';
import type { IpmiCommand } from '../../../../protocols/ipmi/command.ts';
import { closeSession } from '../../../../protocols/ipmi/commands/application/close-session.ts';
import {
  SetSessionPrivilegeLevelCode,
  setSessionPrivilegeLevel,
} from '../../../../protocols/ipmi/commands/application/set-session-privilege-level.ts';
import { CompletionCode, CompletionCodeError } from '../../../../protocols/ipmi/completion-code.ts';
import { describePrivilegeLevel } from '../../../../protocols/ipmi/privilege-level.ts';
import { establishSession, type SessionLogin } from '../login/establish-session.ts';
import type { HandshakeDeps } from '../login/handshake.ts';
import type { IpmiSettings } from '../options.ts';
import type { IpmiSession } from './session.ts';

/** How often a read is tried in a session that may be gone, before a new one is set up. */
const ATTEMPTS_IN_OLD_SESSION = 2;

/** The session with one BMC, set up when first needed and again when it is gone. Used by one caller at a time. */
export type KeptSession = Disposable & {
  /** Carries out a repeatable command. @throws UnreachableError, CompletionCodeError, or what session set-up throws */
  read<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Response>;
  /**
   * A session raised to at least this level, in which the BMC has answered just now: what a command that is sent
   * once wants, since in a session that the BMC has forgotten it would be sent for nothing.
   */
  confirmed(privilege: number, signal: AbortSignal): Promise<IpmiSession>;
  /** Transmissions of a read: one wait each, milliseconds. */
  readWaitsMs(): Iterable<number>;
  /** Tells the BMC, once; then forgets the session, whatever came back. */
  close(waitMs: number, signal: AbortSignal): Promise<void>;
};

export function createKeptSession(deps: HandshakeDeps, login: SessionLogin, settings: IpmiSettings): KeptSession {
  const { clock, entropy, link } = deps;
  let session: IpmiSession | undefined;

  const waits = (attempts: number): Iterable<number> =>
    retrySchedule({ firstMs: settings.firstWaitMs, attempts }, entropy);

  function forget(): void {
    session?.[Symbol.dispose]();
    session = undefined;
  }

  /** Tells the BMC once and forgets the session. @param waitMs for its answer, which changes nothing */
  async function close(waitMs: number, signal: AbortSignal): Promise<void> {
    if (session === undefined) return;
    try {
      await session.request(closeSession, { sessionId: session.managedSystemSessionId }, [waitMs], signal);
    } finally {
      forget();
    }
  }

  async function fresh(signal: AbortSignal): Promise<IpmiSession> {
    // The old one may still hold a place on the BMC.
    await close(0, signal);
    session = await establishSession(deps, login, settings, signal);
    return session;
  }

  /** The session and the response in it; a session that does not answer is replaced once. */
  async function ask<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal: AbortSignal,
  ): Promise<{ session: IpmiSession; response: Response }> {
    const recent = session && clock.elapsed() - session.lastHeardAt <= settings.idleMs ? session : undefined;
    let used = recent ?? (await fresh(signal));
    let reply = await used.request(
      command,
      request,
      waits(recent ? ATTEMPTS_IN_OLD_SESSION : settings.attempts),
      signal,
    );
    if (reply.kind === 'silent' && recent) {
      used = await fresh(signal);
      reply = await used.request(command, request, waits(settings.attempts), signal);
    }
    const what = `${command.name} on BMC ${link.name}`;
    switch (reply.kind) {
      case 'answered':
        return { session: used, response: reply.response };
      case 'refused':
        throw refused(what, command, reply.completionCode, login);
      case 'silent':
        forget();
        throw new UnreachableError(`${what}: session is up, but no answer in ${settings.attempts} attempts`);
    }
  }

  return {
    read: async (command, request, signal) => (await ask(command, request, signal)).response,
    async confirmed(privilege, signal) {
      const { session: used } = await ask(setSessionPrivilegeLevel, { privilegeLevel: privilege }, signal);
      return used;
    },
    readWaitsMs: () => waits(settings.attempts),
    close,
    [Symbol.dispose]: forget,
  };
}

/** A refusal, with what to do about the ones that have an answer. @see IPMI v2.0 rev. 1.1 §22.18 */
function refused<Request, Response>(
  what: string,
  command: IpmiCommand<Request, Response>,
  code: number,
  login: SessionLogin,
): CompletionCodeError {
  const level = describePrivilegeLevel(login.privilege);
  const limited =
    code === CompletionCode.insufficientPrivilege ||
    (command.name === setSessionPrivilegeLevel.name &&
      (code === SetSessionPrivilegeLevelCode.notAvailableToUser || code === SetSessionPrivilegeLevelCode.exceedsLimit));
  const hint = limited
    ? `"${login.user}" logged in with ${level}; raise its limit on the BMC or configure \`privilege\``
    : '';
  return new CompletionCodeError(what, code, command.completionCodes, hint);
}
