import { withDeadline } from '../../../../foundation/deadline.ts';
import { UnreachableError } from '../../../../foundation/errors.ts';
import { retrySchedule } from '../../../../foundation/retry-schedule.ts';
import type { IpmiCommand } from '../../../../protocols/ipmi/command.ts';
import { getDeviceId } from '../../../../protocols/ipmi/commands/application/get-device-id.ts';
import { CompletionCode } from '../../../../protocols/ipmi/completion-code.ts';
import { answerWaits } from '../link/answer-times.ts';
import type { HandshakeDeps } from '../login/handshake.ts';
import type { SessionLogin } from '../login/session-login.ts';
import type { IpmiSettings } from '../options.ts';
import type { IpmiRequester, Reply, RequestOptions, SpokenReply } from '../requester.ts';
import type { IpmiSession } from './session.ts';
import { confirmLevel, levelFor, raiseTo, refusedError } from './session-privilege.ts';

/** How often a command is tried in a session that may be gone, before a new one is set up. */
const ATTEMPTS_IN_OLD_SESSION = 2;
/** How often a busy controller (C0h) is asked again, and the first pause before that, ms. */
const BUSY_ATTEMPTS = 4;
const FIRST_BUSY_PAUSE_MS = 100;

/** Where a requester gets its session from; all of it is called in the BMC's turn. */
export type SessionAccess = {
  /** A session that the BMC most likely still has. */
  recent(): IpmiSession | undefined;
  /** A new one in its place. */
  fresh(signal: AbortSignal): Promise<IpmiSession>;
  forget(): void;
};

/** What is done in a session, and sent again in a new one when all of it stayed unanswered. */
type Exchange<Response> = (session: IpmiSession, waitsMs: () => Iterable<number>) => Promise<Reply<Response>>;

/** Commands with one BMC, one at a time, each in a session raised to what it needs. */
export function createSessionRequester(
  deps: HandshakeDeps,
  access: SessionAccess,
  login: SessionLogin,
  settings: IpmiSettings,
): IpmiRequester & { probe(signal: AbortSignal): Promise<void> } {
  const { clock, entropy, link } = deps;
  const { attempts, operationMs, onceWaitMs } = settings;
  const waits = (count: number) => () => answerWaits({ times: link.times, entropy }, settings, count);

  /** Does `exchange` in the session, or in a new one when the old one turns out to be gone. */
  async function converse<Response>(
    what: string,
    exchange: Exchange<Response>,
    signal: AbortSignal,
  ): Promise<{ readonly session: IpmiSession; readonly reply: SpokenReply<Response> }> {
    const recent = access.recent();
    let session = recent ?? (await access.fresh(signal));
    const startedAt = clock.elapsed();
    // Replacing a session cuts the console that it carries, so that one is given the benefit of the doubt for longer.
    const quick = recent !== undefined && !recent.carriesConsole;
    let reply = await exchange(session, waits(quick ? ATTEMPTS_IN_OLD_SESSION : attempts));
    if (reply.kind === 'silent' && recent) {
      // What was heard meanwhile, from the console, shows that the session is there.
      if (recent.lastHeardAt <= startedAt) session = await access.fresh(signal);
      reply = await exchange(session, waits(attempts));
    }
    if (reply.kind !== 'silent') return { session, reply };
    access.forget();
    throw new UnreachableError(`${what}: a session was up, but no answer in ${attempts} attempts`);
  }

  /** One repeatable command at its level; a busy controller is asked again, one that wants more privilege gets it. */
  function exchangeOf<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal: AbortSignal,
    options: RequestOptions | undefined,
  ): Exchange<Response> {
    return async (session, waitsMs) => {
      const raised = await raiseTo(session, levelFor(command, session), waitsMs(), signal);
      if (raised.kind !== 'answered')
        return raised.kind === 'silent' ? raised : refuseRaise(raised.completionCode, session);
      const send = () => session.request(command, request, waitsMs(), signal, options);
      let reply = await send();
      if (isRefusal(reply, CompletionCode.insufficientPrivilege) && session.privilege < session.maximumPrivilege) {
        // H8QME wants OPERATOR for what the specification gives to USER (FreeIPMI's list of defects). Refused is not done.
        const higher = await raiseTo(session, session.maximumPrivilege, waitsMs(), signal);
        if (higher.kind === 'answered') reply = await send();
      }
      for (const pauseMs of retrySchedule({ firstMs: FIRST_BUSY_PAUSE_MS, attempts: BUSY_ATTEMPTS }, entropy)) {
        if (!isRefusal(reply, CompletionCode.nodeBusy)) break;
        await clock.sleep(pauseMs, signal);
        reply = await send();
      }
      return reply;
    };
  }

  function refuseRaise(completionCode: number, session: IpmiSession): never {
    throw refusedError(`raise the session's privilege on BMC ${link.name}`, 'raise', completionCode, login, session);
  }

  function attempt<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal: AbortSignal,
    options?: RequestOptions,
  ): Promise<{ readonly session: IpmiSession; readonly reply: SpokenReply<Response> }> {
    const what = `${command.name} on BMC ${link.name}`;
    return withDeadline(clock, operationMs, signal, what, async (inner) => {
      using _turn = await link.queue.turn(inner);
      return await converse(what, exchangeOf(command, request, inner, options), inner);
    });
  }

  return {
    name: link.name,
    async ask(command, request, signal, options) {
      const { session, reply } = await attempt(command, request, signal, options);
      if (reply.kind === 'answered') return reply.response;
      throw refusedError(`${command.name} on BMC ${link.name}`, command, reply.completionCode, login, session);
    },
    async attempt(command, request, signal, options) {
      return (await attempt(command, request, signal, options)).reply;
    },
    async once(command, request, signal, options) {
      // The deadline covers what comes before the command. Once it is out only its own wait counts: a deadline that
      // passed then would turn "sent, no answer" into "failed", and somebody would send it again.
      const what = `${command.name} on BMC ${link.name}`;
      const { turn, session } = await withDeadline(clock, operationMs, signal, what, async (inner) => {
        const turn = await link.queue.turn(inner);
        try {
          const confirm: Exchange<unknown> = (session, waitsMs) =>
            confirmLevel(clock, session, levelFor(command, session), waitsMs(), inner);
          const { session, reply } = await converse(what, confirm, inner);
          if (reply.kind === 'refused') refuseRaise(reply.completionCode, session);
          return { turn, session };
        } catch (error) {
          turn[Symbol.dispose]();
          throw error;
        }
      });
      using _turn = turn;
      const send = () => session.request(command, request, [onceWaitMs], signal, options);
      const reply = await send();
      const { privilege, maximumPrivilege } = session;
      if (!isRefusal(reply, CompletionCode.insufficientPrivilege) || privilege >= maximumPrivilege) return reply;
      // Refused for want of privilege is surely not carried out, so that once more is still once.
      const higher = await raiseTo(session, maximumPrivilege, waits(attempts)(), signal);
      return higher.kind === 'answered' ? await send() : reply;
    },
    async probe(signal) {
      await attempt(getDeviceId, undefined, signal);
    },
  };
}

/** The same, for one session only: when it is over, so is the requester. */
export function onlyThis(only: IpmiSession, access: SessionAccess, bmc: string): SessionAccess {
  return {
    recent: () => (access.recent() === only ? only : undefined),
    fresh: () => Promise.reject(new UnreachableError(`BMC ${bmc}: the session that this belongs to is over`)),
    forget() {
      if (access.recent() === only) access.forget();
    },
  };
}

function isRefusal(reply: Reply<unknown>, code: number): boolean {
  return reply.kind === 'refused' && reply.completionCode === code;
}
