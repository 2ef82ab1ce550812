import type { Clock } from '../../../../foundation/clock.ts';
import { type Entropy, fraction } from '../../../../foundation/entropy.ts';
import {
  DeadlineError,
  errorText,
  rethrowAbort,
  ServiceError,
  UnreachableError,
} from '../../../../foundation/errors.ts';
import { getDeviceId } from '../../../../protocols/ipmi/commands/application/get-device-id.ts';
import { describeSolOwner, readSolOwner, type SolOwner } from './sol-owner.ts';
import type { SolTransport } from './sol-transport.ts';
import { createWakeUp } from './wake-up.ts';

/**
 * Why a console ended by itself. `stolen`: another session has it; `deactivated`: nobody has it, somebody or the
 * controller itself gave it up; `lost`: the controller is not to be had.
 */
export type SolEnd = { readonly reason: 'stolen' | 'deactivated' | 'lost'; readonly why: string };

/** Keeps the session alive and sees that the console is still ours. */
export type SolWatch = {
  /** A SOL packet has come: whatever becomes of questions, the controller is there. */
  heard(): void;
  /** Asks now: is the path there at all? */
  check(): void;
  /** The controller says that the console is given up. */
  deactivated(): void;
  /** Who has the console while it is ours: our session by the book; `unknown` where the controller does not tell. */
  ours(): SolOwner;
  /** Asks every so often until the console is no longer ours. */
  run(signal: AbortSignal): Promise<SolEnd>;
};

/** Share of the time between two questions that is random, so that a fleet is not asked in step. */
const JITTER = 0.25;
/** Who takes a console gives it up first and activates it then, by hand or by script: so long the thief is waited for. */
const THIEF_LOOKS = 3;
const THIEF_LOOK_MS = 1_000;
/** Questions in a row that nothing at all came back to: each was sent several times. */
const MOST_MISSES = 5;

/** @param onAnswer called when the controller has answered */
export function createSolWatch(
  deps: { readonly clock: Clock; readonly entropy: Entropy },
  transport: SolTransport,
  options: { readonly instance: number; readonly keepAliveMs: number },
  onAnswer: () => void,
): SolWatch {
  const { clock, entropy } = deps;
  const { instance, keepAliveMs } = options;
  const wakeUp = createWakeUp(clock);
  let givenUp = false;
  let packetsHeard = 0;
  /** As the controller answers while the console is ours: our session's id, or whatever it says instead. */
  let ours: SolOwner | undefined;

  async function ask(signal: AbortSignal): Promise<SolOwner> {
    if (ours === 'unknown') await transport.requester.attempt(getDeviceId, undefined, signal);
    const owner = ours === 'unknown' ? 'unknown' : await readSolOwner(transport, instance, signal);
    // A controller that says "nobody" right after the activation says nothing.
    ours ??= owner === 0 ? 'unknown' : owner;
    onAnswer();
    return owner;
  }

  /** Undefined while the console is ours, as far as can be told. */
  function judge(owner: SolOwner): SolEnd | 'nobody' | undefined {
    if (ours === 'unknown' || owner === 'unknown' || owner === ours) return givenUp ? 'nobody' : undefined;
    if (owner === 0) return 'nobody';
    return { reason: 'stolen', why: `${describeSolOwner(owner)} has taken the console of BMC ${transport.name}` };
  }

  /** Asks until there is an answer; `heard`: none, but packets of the console instead. */
  async function askPatiently(signal: AbortSignal): Promise<SolOwner | 'heard'> {
    for (let misses = 1; ; misses++) {
      const before = packetsHeard;
      try {
        return await ask(signal);
      } catch (error) {
        rethrowAbort(signal);
        if (!(error instanceof UnreachableError || error instanceof DeadlineError)) throw error;
        if (packetsHeard > before) return 'heard';
        if (misses === MOST_MISSES) throw error;
      }
    }
  }

  async function look(signal: AbortSignal): Promise<SolEnd | undefined> {
    for (let looks = 0; ; looks++) {
      const owner = await askPatiently(signal);
      if (owner === 'heard') return undefined;
      const verdict = judge(owner);
      if (verdict !== 'nobody') return verdict;
      if (looks === THIEF_LOOKS || ours === 'unknown') {
        return { reason: 'deactivated', why: `the console of BMC ${transport.name} was deactivated` };
      }
      await clock.sleep(THIEF_LOOK_MS, signal);
    }
  }

  return {
    ours: () => ours ?? transport.managedSystemSessionId,
    heard: () => void packetsHeard++,
    check: () => wakeUp.wake(),
    deactivated() {
      if (givenUp) return;
      givenUp = true;
      wakeUp.wake();
    },
    async run(signal) {
      try {
        for (;;) {
          const end = await look(signal);
          if (end) return end;
          await wakeUp.wait(keepAliveMs * (1 - JITTER * fraction(entropy)), signal);
        }
      } catch (error) {
        rethrowAbort(signal);
        if (error instanceof ServiceError) return { reason: 'lost', why: errorText(error) };
        throw error;
      }
    },
  };
}
