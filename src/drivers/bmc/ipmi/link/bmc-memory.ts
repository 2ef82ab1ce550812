import { createHmac } from 'node:crypto';
import type { CipherSuite } from '../../../../protocols/ipmi/cipher-suites.ts';
import type { IpmiLogin } from '../target.ts';

/** What is remembered of one BMC for the life of the process, over all who open it. */
export type BmcMemory = {
  /**
   * The suites to try, best guess first: the one agreed to last, then those that stand before it in the configured
   * order. Weaker ones follow only when downgrading is allowed.
   */
  candidates(login: IpmiLogin, allowDowngrade: boolean): readonly CipherSuite[];
  /** A session came up with this suite. */
  agreed(suite: CipherSuite): void;
  /** Why this credential is not to be tried, if the BMC has definitely rejected it. */
  rejection(credential: string): string | undefined;
  reject(credential: string, reason: string): void;
  /** Lets rejected credentials be tried again. */
  forgetRejections(): void;
};

export function createBmcMemory(): BmcMemory {
  let lastGood: CipherSuite | undefined;
  const rejections = new Map<string, string>();
  return {
    candidates({ suites }, allowDowngrade) {
      const rank = suites.findIndex((suite) => suite.id === lastGood?.id);
      const known = suites[rank];
      if (known === undefined) return suites;
      return [known, ...suites.slice(0, rank), ...(allowDowngrade ? suites.slice(rank + 1) : [])];
    },
    agreed(suite) {
      lastGood = suite;
    },
    rejection: (credential) => rejections.get(credential),
    reject: (credential, reason) => void rejections.set(credential, reason),
    forgetRejections: () => rejections.clear(),
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
