import { createHmac } from 'node:crypto';
import type { Clock } from '../../../../foundation/clock.ts';
import type { CipherSuite } from '../../../../protocols/ipmi/cipher-suites.ts';
import type { IpmiLogin } from '../target.ts';
import type { SuitePins } from './suite-pins.ts';

/** What is remembered of one BMC, over all who open it. */
export type BmcMemory = {
  /**
   * The suites to try, best guess first: the one agreed to last, then those that stand before it in the configured
   * order. Weaker ones follow only when downgrading is allowed.
   */
  candidates(login: IpmiLogin, allowDowngrade: boolean): readonly CipherSuite[];
  /** A session came up with this suite. */
  agreed(suite: CipherSuite): void;
  /** The levels to log in with, best guess first: the one that this credential got last, then lower ones. */
  levels(login: IpmiLogin, credential: string): readonly number[];
  granted(credential: string, level: number): void;
  /** Why this credential is not to be tried, if the BMC has rejected it. */
  rejection(credential: string): string | undefined;
  /** @param forMs how long; for ever when left out, until somebody allows it again */
  reject(credential: string, reason: string, forMs?: number): void;
  /** Lets rejected credentials be tried again. */
  forgetRejections(): void;
  /** Forgets the suite agreed to: a weaker one may be agreed to next. */
  unpin(): void;
};

/** Credentials remembered of one BMC: each is a password that was configured for it in the life of this process. */
const MOST_CREDENTIALS = 64;

export function createBmcMemory(clock: Clock, bmc: string, pins: SuitePins | undefined): BmcMemory {
  let lastGood = pins?.get(bmc);
  const levels = new Map<string, number>();
  const rejections = new Map<string, { readonly reason: string; readonly until: number }>();
  const remember = <V>(map: Map<string, V>, key: string, value: V): void => {
    const oldest = map.keys().next().value;
    if (map.size >= MOST_CREDENTIALS && !map.has(key) && oldest !== undefined) map.delete(oldest);
    map.set(key, value);
  };
  return {
    candidates({ suites }, allowDowngrade) {
      const rank = suites.findIndex((suite) => suite.id === lastGood);
      const known = suites[rank];
      if (known === undefined) return suites;
      return [known, ...suites.slice(0, rank), ...(allowDowngrade ? suites.slice(rank + 1) : [])];
    },
    agreed(suite) {
      if (lastGood === suite.id) return;
      lastGood = suite.id;
      pins?.set(bmc, suite.id);
    },
    levels({ privilege }, credential) {
      const first = Math.min(levels.get(credential) ?? privilege, privilege);
      return Array.from({ length: Math.max(1, first - 1) }, (_unused, index) => first - index);
    },
    granted: (credential, level) => remember(levels, credential, level),
    rejection(credential) {
      const known = rejections.get(credential);
      return known === undefined || clock.elapsed() >= known.until ? undefined : known.reason;
    },
    reject(credential, reason, forMs = Number.POSITIVE_INFINITY) {
      remember(rejections, credential, { reason, until: clock.elapsed() + forMs });
    },
    forgetRejections() {
      levels.clear();
      rejections.clear();
    },
    unpin() {
      lastGood = undefined;
      pins?.forget(bmc);
    },
  };
}

/**
 * A name for user, password and K_G together that tells nothing about them without `processKey`, which never leaves
 * the process: a changed password is another credential, and is tried.
 */
export function credentialName(processKey: Buffer, user: string, password: Buffer, kg: Buffer | undefined): string {
  const parts = [Buffer.from(user, 'utf8'), password, kg ?? Buffer.alloc(0)];
  const hmac = createHmac('sha256', processKey);
  for (const part of parts) hmac.update(Buffer.of(part.length)).update(part);
  return hmac.digest('base64');
}
