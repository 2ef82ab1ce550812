import { withDeadline } from '../../../../foundation/deadline.ts';
import { errorText } from '../../../../foundation/errors.ts';
import type { Log } from '../../../../foundation/log.ts';
import { closeSession } from '../../../../protocols/ipmi/commands/application/close-session.ts';
import { establishSession } from '../login/establish-session.ts';
import type { HandshakeDeps } from '../login/handshake.ts';
import type { SessionLogin } from '../login/session-login.ts';
import type { IpmiSettings } from '../options.ts';
import type { IpmiRequester } from '../requester.ts';
import { createKeepAlive } from './keep-alive.ts';
import type { IpmiSession } from './session.ts';
import { createSessionRequester, onlyThis } from './session-requester.ts';

export type KeeperDeps = HandshakeDeps & { readonly log: Log };

/**
 * The one session with a BMC under one credential, shared by all who use it: set up when first needed, again when the
 * BMC has lost it, kept alive while somebody holds it, closed a while after the last one let go.
 */
export type SessionKeeper = AsyncDisposable & {
  /** Commands in whatever session is up, or in a new one. */
  readonly requester: IpmiRequester;
  /** Whether a session is up now. */
  readonly up: boolean;
  /** The most that the session can do, or is going to ask for. */
  readonly maximumPrivilege: number;
  /** Keeps the session from being closed until disposed. */
  hold(): Disposable;
  /** The session that is up now, or a new one. */
  session(signal: AbortSignal): Promise<IpmiSession>;
  /** Commands in this one session, never in another. */
  requesterIn(session: IpmiSession): IpmiRequester;
};

/** @param onIdle called when nobody holds it any more and its session is closed, for whoever keeps a list */
export function createSessionKeeper(
  deps: KeeperDeps,
  login: SessionLogin,
  settings: IpmiSettings,
  onIdle: () => void,
): SessionKeeper {
  const { clock, link, log } = deps;
  const { operationMs, closeMs, lingerMs } = settings;
  let session: IpmiSession | undefined;
  let holders = 0;
  let closed = false;

  function forget(): void {
    session?.[Symbol.dispose]();
    session = undefined;
  }

  /** Tells the BMC once and forgets the session. @param waitMs for its answer, which changes nothing */
  async function close(waitMs: number, signal: AbortSignal): Promise<void> {
    if (session === undefined) return;
    const ending = session;
    session = undefined;
    try {
      await ending.request(closeSession, { sessionId: ending.managedSystemSessionId }, [waitMs], signal);
    } finally {
      ending[Symbol.dispose]();
    }
  }

  /** A session that the BMC most likely still has. Only in the BMC's turn. */
  function recent(): IpmiSession | undefined {
    return session !== undefined && clock.elapsed() - session.lastHeardAt <= settings.idleMs ? session : undefined;
  }

  async function fresh(signal: AbortSignal): Promise<IpmiSession> {
    // The old one may still hold a place on the BMC.
    await close(0, signal);
    session = await establishSession(deps, login, settings, signal);
    log.debug({ bmc: link.name, protection: session.describe }, 'IPMI session is up');
    keepAlive.begin();
    return session;
  }

  async function closeInTurn(signal: AbortSignal): Promise<void> {
    try {
      await withDeadline(clock, closeMs, signal, `close the session with BMC ${link.name}`, async (inner) => {
        using _turn = await link.queue.turn(inner);
        await close(closeMs, inner);
      });
    } catch (error) {
      // Best effort: the BMC ends the session by itself when it has been idle for a minute.
      log.debug({ bmc: link.name, error: errorText(error) }, 'session not closed');
    } finally {
      forget();
    }
  }

  const access = { recent, fresh, forget };
  const requester = createSessionRequester(deps, access, login, settings);
  const keepAlive = createKeepAlive(deps, settings, {
    session: () => session,
    held: () => holders > 0,
    probe: (signal) => requester.probe(signal),
    async expire(signal) {
      await closeInTurn(signal);
      if (holders === 0 && session === undefined) onIdle();
    },
  });

  return {
    requester,
    get up() {
      return session !== undefined;
    },
    get maximumPrivilege() {
      return session?.maximumPrivilege ?? login.privilege;
    },
    hold() {
      holders++;
      let held = true;
      return {
        [Symbol.dispose]() {
          if (!held) return;
          held = false;
          holders--;
          if (holders === 0) keepAlive.released(lingerMs);
        },
      };
    },
    session: (signal) =>
      withDeadline(clock, operationMs, signal, `open a session with BMC ${link.name}`, async (inner) => {
        using _turn = await link.queue.turn(inner);
        return recent() ?? (await fresh(inner));
      }),
    requesterIn: (only) => createSessionRequester(deps, onlyThis(only, access, link.name), login, settings),
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      await keepAlive[Symbol.asyncDispose]();
      await closeInTurn(new AbortController().signal);
      login.password[Symbol.dispose]();
      login.kg?.[Symbol.dispose]();
    },
  };
}
