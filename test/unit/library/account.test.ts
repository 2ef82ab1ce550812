import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/foundation/errors.ts';
import { type IpmiAccount, type SecretSource, targetOf } from '../../../src/library/account.ts';

const never = new AbortController().signal;
const account = { host: '192.0.2.7', user: 'admin' };

async function passwordFrom(password: SecretSource): Promise<string> {
  using owned = await targetOf({ ...account, password }, never);
  return owned.target.password.use((bytes) => bytes.toString('utf8'));
}

describe('the account of a BMC', () => {
  it.each<[string, SecretSource]>([
    ['a text', 'geheim€'],
    ['a Buffer', Buffer.from('geheim€')],
    ['bytes', new TextEncoder().encode('geheim€')],
    ['a function that returns a text', () => 'geheim€'],
    ['a function that returns bytes', () => Buffer.from('geheim€')],
    ['a function that promises a text', async () => 'geheim€'],
  ])('takes a password as %s', async (_form, source) => {
    expect(await passwordFrom(source)).toBe('geheim€');
  });

  it('copies bytes: what the caller does with them afterwards changes nothing, and they are not wiped', async () => {
    const given = Buffer.from('secret');
    const owned = await targetOf({ ...account, password: given, kg: given }, never);
    given.fill(0x78);
    expect(owned.target.password.use((bytes) => bytes.toString())).toBe('secret');
    expect(owned.target.kg?.use((bytes) => bytes.toString())).toBe('secret');
    owned[Symbol.dispose]();
    expect(given.toString()).toBe('xxxxxx');
    expect(() => owned.target.password.use(() => undefined)).toThrow(TypeError);
    expect(() => owned.target.kg?.use(() => undefined)).toThrow(TypeError);
  });

  it('lends the call’s signal to a function, and does not use what comes after it has fired', async () => {
    const caller = new AbortController();
    let seen: AbortSignal | undefined;
    const password = (signal: AbortSignal): string => {
      seen = signal;
      caller.abort('too late');
      return 'secret';
    };
    await expect(targetOf({ ...account, password }, caller.signal)).rejects.toBe('too late');
    expect(seen).toBe(caller.signal);
  });

  it('does not wait for a function that never ends once the signal has fired', async () => {
    const caller = new AbortController();
    const opening = targetOf({ ...account, password: () => new Promise(() => undefined) }, caller.signal);
    caller.abort('enough');
    await expect(opening).rejects.toBe('enough');
  });

  it('passes on what a function throws', async () => {
    const failure = new Error('the key ring is locked');
    const password = (): string => {
      throw failure;
    };
    await expect(targetOf({ ...account, password }, never)).rejects.toBe(failure);
    await expect(targetOf({ ...account, password: 'secret', kg: password }, never)).rejects.toBe(failure);
  });

  it.each<[string, unknown]>([
    ['no host', { user: 'admin', password: 'secret' }],
    ['an empty host', { host: '', user: 'admin', password: 'secret' }],
    ['a user that is no text', { host: '192.0.2.7', user: 7, password: 'secret' }],
    ['a port that is none', { ...account, port: Number.NaN, password: 'secret' }],
    ['port 0', { ...account, port: 0, password: 'secret' }],
    ['no password', account],
    ['a privilege that is none', { ...account, password: 'secret', privilege: 'root' }],
    ['a version that is none', { ...account, password: 'secret', version: '3.0' }],
    ['a way of looking up that is none', { ...account, password: 'secret', userLookup: 'role' }],
    ['a number for a password', { ...account, password: 12345 }],
    ['a function that returns a number', { ...account, password: () => 12345 }],
    ['an object for K_G', { ...account, password: 'secret', kg: { key: 'secret' } }],
  ])('refuses %s in plain JavaScript, without showing a secret', async (_what, wrong) => {
    const failed = await targetOf(asAccount(wrong), never).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ConfigError);
    expect(String(failed)).not.toMatch(/12345|secret/);
  });
});

/** As a caller without types would pass it. */
function asAccount(value: unknown): IpmiAccount {
  return value as IpmiAccount;
}
