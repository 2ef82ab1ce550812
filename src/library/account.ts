import type { IpmiTarget } from '../drivers/bmc/ipmi/options.ts';
import { abortable } from '../foundation/deadline.ts';
import { ConfigError } from '../foundation/errors.ts';
import { Secret } from '../foundation/secret.ts';

/** A secret's value: a text is taken as UTF-8, bytes are copied and the caller's are left alone. */
export type SecretValue = string | Uint8Array;

/** A secret, or where to get it from at the moment of use: a file, a key ring, a prompt. */
export type SecretSource = SecretValue | ((signal: AbortSignal) => SecretValue | Promise<SecretValue>);

/**
 * One BMC and the account to log in with. Neither secret is kept in this form, and none is shown by anything that is
 * made from it; the object itself stays the caller's.
 */
export type IpmiAccount = Omit<IpmiTarget, 'password' | 'kg'> & {
  /** At most 20 bytes; 16 in IPMI 1.5. Longer ones are refused, never cut. */
  readonly password: SecretSource;
  /** K_G of a BMC with two-key login, at most 20 bytes. Default: none, one-key login. */
  readonly kg?: SecretSource | undefined;
};

/** A target whose secrets are wiped when it is disposed. */
export type OwnedTarget = Disposable & { readonly target: IpmiTarget };

/**
 * Gets the secrets of an account, and checks by itself what the types say: callers may be plain JavaScript.
 * @throws ConfigError for what is not an account
 * @throws what a secret's function throws
 */
export async function targetOf(account: IpmiAccount, signal: AbortSignal): Promise<OwnedTarget> {
  const { password: passwordSource, kg: kgSource, ...rest } = account;
  checkAddress(rest);
  checkChoices(rest);
  const where = `BMC ${rest.host}`;
  const password = await secretOf(passwordSource, `${where}: password`, signal);
  try {
    const kg = kgSource === undefined ? undefined : await secretOf(kgSource, `${where}: K_G`, signal);
    return {
      target: { ...rest, password, ...(kg === undefined ? {} : { kg }) },
      [Symbol.dispose]() {
        password[Symbol.dispose]();
        kg?.[Symbol.dispose]();
      },
    };
  } catch (error) {
    password[Symbol.dispose]();
    throw error;
  }
}

/** @throws ConfigError */
export function checkAddress({ host, port, user = '' }: Pick<IpmiAccount, 'host' | 'port'> & { user?: string }): void {
  if (typeof host !== 'string' || host === '') throw new ConfigError('BMC: `host` is not an address or a name');
  if (typeof user !== 'string') throw new ConfigError(`BMC ${host}: \`user\` is not a text`);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port <= 0xffff)) {
    throw new ConfigError(`BMC ${host}: \`port\` is not a number from 1 to 65535`);
  }
}

const choices = {
  version: ['2.0', '1.5'],
  privilege: ['user', 'operator', 'administrator'],
  userLookup: ['name', 'name-and-role'],
} as const satisfies { [Key in 'version' | 'privilege' | 'userLookup']: readonly IpmiAccount[Key][] };

function checkChoices(account: Omit<IpmiAccount, 'password' | 'kg'>): void {
  for (const key of ['version', 'privilege', 'userLookup'] as const) {
    const value = account[key];
    const allowed: readonly string[] = choices[key];
    if (value === undefined || allowed.includes(value)) continue;
    throw new ConfigError(`BMC ${account.host}: \`${key}\` is none of ${allowed.join(', ')}`);
  }
}

async function secretOf(source: SecretSource, what: string, signal: AbortSignal): Promise<Secret> {
  const value = typeof source === 'function' ? await abortable(Promise.resolve(source(signal)), signal) : source;
  if (typeof value === 'string') return Secret.fromText(value);
  if (value instanceof Uint8Array) return new Secret(Buffer.from(value));
  // Never the value: it may be a secret in a form that is not known here.
  throw new ConfigError(`${what} is neither a text nor bytes`);
}
