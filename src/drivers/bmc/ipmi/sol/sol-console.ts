import type {
  SerialConsole,
  SerialConsoleEvent,
  SerialConsoleOptions,
} from '../../../../domain/ports/serial-console.ts';
import type { Clock } from '../../../../foundation/clock.ts';
import { withDeadline } from '../../../../foundation/deadline.ts';
import { type Entropy, fraction } from '../../../../foundation/entropy.ts';
import {
  AuthenticationError,
  ConfigError,
  errorText,
  RefusedError,
  rethrowAbort,
  ServiceError,
  UnreachableError,
} from '../../../../foundation/errors.ts';
import type { Log } from '../../../../foundation/log.ts';
import { activateSol, deactivateSol, type SolActivationResult } from './sol-activation.ts';
import { createSolOrphans } from './sol-orphans.ts';
import { readSolOwner, type SolOwner } from './sol-owner.ts';
import { createSolSession, type SolSession } from './sol-session.ts';
import type { OpenSolTransport, SolTransport } from './sol-transport.ts';
import { createWakeUp } from './wake-up.ts';

export type SolConsoleDeps = {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly open: OpenSolTransport;
};

export type SolConsoleOptions = SerialConsoleOptions & {
  /** Payload instance, 1 to 15. Default 1. */
  readonly instance?: number;
  /**
   * Most time between two questions who has the console, milliseconds. Less than the 20 s after which the session shows
   * a sign of life by itself, so that one does for both; ipmi_sim drops sessions after 30 s. Default 16000.
   */
  readonly keepAliveMs?: number;
  /** Wait before the first new attempt after a loss, milliseconds; it doubles with each that fails. Default 1000. */
  readonly firstRetryMs?: number;
  /** No wait between attempts is longer, milliseconds. Default 120000. */
  readonly longestRetryMs?: number;
  /** Time for giving the console up at the end, one try, milliseconds. Default 1000. */
  readonly closeMs?: number;
};

const DEFAULTS = {
  instance: 1,
  keepAliveMs: 16_000,
  firstRetryMs: 1_000,
  longestRetryMs: 120_000,
  closeMs: 1_000,
};

type Settings = typeof DEFAULTS;

/** Share of a wait that is random. */
const JITTER = 0.5;
/** A console that was up for so long starts its waits from the first again. */
const STABLE_MS = 30_000;
/** Somebody deactivated the console: they have that long to activate it for themselves. */
const YIELD_MS = 10_000;

type Disconnected = Extract<SerialConsoleEvent, { readonly kind: 'disconnected' }>;
/** How one attempt ended. `leastMs`: the soonest that another one makes sense; null: when somebody asks for it. */
type Ending = Pick<Disconnected, 'reason' | 'why'> & { readonly leastMs: number | null };

/**
 * The serial console of one machine over its controller: activated, watched, and set up again when it is lost. It is
 * left alone after another session has taken it or has it, and after a refusal, until `reconnect` is called.
 * @param onEvent called in order, never after disposal has settled
 * @see IPMI v2.0 rev. 1.1 §15
 */
export function createSolConsole(
  deps: SolConsoleDeps,
  options: SolConsoleOptions,
  onEvent: (event: SerialConsoleEvent) => void,
): SerialConsole {
  const { clock, entropy, log } = deps;
  const settings: Settings & SolConsoleOptions = { ...DEFAULTS, ...options };
  const stop = new AbortController();
  const again = createWakeUp(clock);
  const orphans = createSolOrphans(clock);
  let stealNext = options.steal ?? false;
  let current: { readonly session: SolSession; readonly leave: () => void } | undefined;

  /** One attempt, from setting the session up to the end of the console. */
  async function attempt(signal: AbortSignal): Promise<Ending> {
    let transport: SolTransport;
    try {
      transport = await deps.open(signal);
    } catch (error) {
      rethrowAbort(signal);
      return endingOf(error);
    }
    try {
      return await carry(transport, signal);
    } catch (error) {
      rethrowAbort(signal);
      return endingOf(error);
    } finally {
      await transport[Symbol.asyncDispose]();
    }
  }

  async function carry(transport: SolTransport, signal: AbortSignal): Promise<Ending> {
    const steal = stealNext;
    stealNext = false;
    const { instance } = settings;
    const { isOrphan, recent: recentlyOurs } = orphans;
    const wish = { instance, steal, isOrphan, recentlyOurs: recentlyOurs() };
    const result = await activateSol(transport, wish, log, signal);
    if (result.kind !== 'active') return notActivated(result);
    const left = new AbortController();
    const session = createSolSession(deps, transport, result, settings, onEvent);
    current = { session, leave: () => left.abort(new UnreachableError('set up anew on request')) };
    let thief = false;
    // Asked for while this attempt was under way already: that is done, and is not for the next loss.
    again.forget();
    stealNext = false;
    try {
      onEvent({ kind: 'connected' });
      const end = await session.run(AbortSignal.any([signal, left.signal]));
      thief = end.reason === 'stolen';
      if (end.reason === 'deactivated') return { reason: 'lost', why: end.why, leastMs: YIELD_MS };
      return { reason: end.reason, why: end.why, leastMs: thief ? null : 0 };
    } catch (error) {
      rethrowAbort(signal);
      if (left.signal.aborted) return { reason: 'lost', why: 'set up anew on request', leastMs: 0 };
      throw error;
    } finally {
      current = undefined;
      if (!thief) await giveUp(transport, session.ours());
    }
  }

  /** Deactivates the console under a time of its own, unless another session has it by now; once, whatever comes back. */
  async function giveUp(transport: SolTransport, ours: SolOwner): Promise<void> {
    const { instance, closeMs } = settings;
    const id = ours === 'unknown' ? transport.managedSystemSessionId : ours;
    orphans.add(id);
    if (transport.ended.aborted) return;
    const what = `give up the console of BMC ${transport.name}`;
    try {
      await withDeadline(clock, closeMs, new AbortController().signal, what, async (signal) => {
        const owner = await readSolOwner(transport, instance, signal);
        const mine = owner === 'unknown' || owner === id;
        if (!mine || (await deactivateSol(transport, instance, signal))) orphans.remove(id);
      });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      log.debug({ bmc: transport.name, error }, 'SOL not deactivated; the controller ends it with the session');
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    for (;;) {
      const began = clock.elapsed();
      const { reason, why, leastMs } = await attempt(signal);
      if (clock.elapsed() - began >= STABLE_MS) failures = 0;
      const backOffMs = Math.min(settings.longestRetryMs, settings.firstRetryMs * 2 ** failures++);
      const retryMs = leastMs === null ? null : Math.max(leastMs, backOffMs * (1 - JITTER * fraction(entropy)));
      log.info({ reason, why, retryMs }, 'SOL disconnected');
      onEvent({ kind: 'disconnected', reason, why, retryMs });
      if (await again.wait(retryMs ?? undefined, signal)) failures = 0;
    }
  }

  // The only end is disposal: anything else is a bug, told in the log and to the viewer.
  const running = run(stop.signal).catch((error: unknown) => {
    if (stop.signal.aborted) return;
    log.error({ error }, 'SOL console failed');
    onEvent({ kind: 'disconnected', reason: 'refused', why: errorText(error), retryMs: null });
  });

  const connected = (): SolSession => {
    if (current) return current.session;
    throw new UnreachableError('write to the console: it is not connected', { details: { taken: 0 } });
  };

  return {
    write: async (bytes, signal) => connected().write(bytes, signal),
    sendBreak: async (signal) => connected().sendBreak(signal),
    reconnect({ steal }) {
      stealNext = steal ?? false;
      again.wake();
      current?.leave();
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new UnreachableError('the console was closed', { details: { taken: 0 } }));
      await running;
    },
  };
}

/** A definite no is not tried again: accounts lock, and settings do not change by themselves. */
function endingOf(error: unknown): Ending {
  if (!(error instanceof ServiceError)) throw error;
  const definite = error instanceof RefusedError || error instanceof ConfigError;
  const refused = error instanceof AuthenticationError || (definite && error.retry === 'give-up');
  return { reason: refused ? 'refused' : 'lost', why: errorText(error), leastMs: refused ? null : 0 };
}

function notActivated(result: Exclude<SolActivationResult, { readonly kind: 'active' }>): Ending {
  if (result.kind === 'occupied') return { reason: 'occupied', why: result.why, leastMs: null };
  return { reason: result.retry ? 'lost' : 'refused', why: result.why, leastMs: result.retry ? 0 : null };
}
