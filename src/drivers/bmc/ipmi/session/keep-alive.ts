import type { Clock } from '../../../../foundation/clock.ts';
import { type Entropy, fraction } from '../../../../foundation/entropy.ts';
import { errorText } from '../../../../foundation/errors.ts';
import type { Log } from '../../../../foundation/log.ts';
import type { IpmiSettings } from '../options.ts';
import type { IpmiSession } from './session.ts';

/** Share of the keep-alive time that is random, so that a fleet does not answer in step. */
const JITTER = 0.2;

/** What the keeper lets its keep-alive see and do. */
export type KeptAlive = {
  session(): IpmiSession | undefined;
  held(): boolean;
  /** Sends something harmless that the BMC answers. */
  probe(signal: AbortSignal): Promise<void>;
  /** Closes a session that nobody holds any more. */
  expire(signal: AbortSignal): Promise<void>;
};

/** Watches one session: probes it before the BMC's idle limit while it is held, and lets it go after. */
export type KeepAlive = AsyncDisposable & {
  /** A session is up: watch it, if that is not done already. */
  begin(): void;
  /** Nobody holds it any more. */
  released(lingerMs: number): void;
};

export function createKeepAlive(
  deps: { readonly clock: Clock; readonly entropy: Entropy; readonly log: Log },
  settings: IpmiSettings,
  kept: KeptAlive,
): KeepAlive {
  const { clock, entropy, log } = deps;
  const stop = new AbortController();
  let wake = new AbortController();
  let watching: Promise<void> | undefined;
  let lingerUntil = Number.POSITIVE_INFINITY;

  /** One sleep at a time until there is no session to watch: a timer for each of thousands of sessions, and no more. */
  async function watch(): Promise<void> {
    const { signal } = stop;
    for (let session = kept.session(); session !== undefined && !signal.aborted; session = kept.session()) {
      const held = kept.held();
      const jitter = 1 - JITTER * fraction(entropy);
      const due = held ? session.lastHeardAt + settings.keepAliveMs * jitter : lingerUntil;
      const left = due - clock.elapsed();
      if (left > 0) await sleep(left);
      else if (held) await probe(session);
      else await kept.expire(signal);
    }
    if (!kept.held() && !signal.aborted) await kept.expire(signal);
  }

  async function sleep(ms: number): Promise<void> {
    wake = new AbortController();
    // Woken early: by a release, or by the end of it all. The loop looks again either way.
    await clock.sleep(ms, wake.signal).catch(() => undefined);
  }

  async function probe(session: IpmiSession): Promise<void> {
    try {
      await kept.probe(stop.signal);
    } catch (error) {
      // The keeper has forgotten the session, or the next command will find it gone. Nobody waits for this one.
      if (!stop.signal.aborted)
        log.debug({ error: errorText(error), protection: session.describe }, 'keep-alive failed');
    }
  }

  function begin(): void {
    if (watching !== undefined || stop.signal.aborted) return;
    watching = watch().finally(() => {
      watching = undefined;
    });
  }

  return {
    begin,
    released(lingerMs) {
      lingerUntil = clock.elapsed() + lingerMs;
      wake.abort();
      begin();
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      wake.abort();
      await watching;
    },
  };
}
