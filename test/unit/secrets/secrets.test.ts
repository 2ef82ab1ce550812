import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SecretRef } from '../../../src/domain/secret-ref.ts';
import { createSecrets } from '../../../src/drivers/secrets/secrets.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { ConfigError, DeadlineError } from '../../../src/foundation/errors.ts';
import type { Log } from '../../../src/foundation/log.ts';
import { createManualClock, settle } from '../../support/manual-clock.ts';

const PLANTED = 'planted-value-7731';
const { signal } = new AbortController();
let folder = '';
const logged: string[] = [];
const note = (fields: object, message: string): void => void logged.push(`${JSON.stringify(fields)} ${message}`);
const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secrets-'));
});
afterAll(() => rm(folder, { recursive: true }));

const secrets = (environment: Record<string, string> = {}) =>
  createSecrets({ clock: systemClock, log, environment: { PATH: '/usr/bin:/bin', ...environment } });

async function put(name: string, text: string | Buffer, mode = 0o600): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

async function valueAt(ref: SecretRef, environment: Record<string, string> = {}): Promise<string> {
  using secret = await secrets(environment).open(ref, signal);
  return secret.use((bytes) => bytes.toString('latin1'));
}

async function refusal(ref: SecretRef, environment: Record<string, string> = {}): Promise<Error> {
  try {
    using _ = await secrets(environment).open(ref, signal);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('was not refused');
}

describe('env', () => {
  test('its value', async () => expect(await valueAt('env:PW', { PW: PLANTED })).toBe(PLANTED));
  test('not set', async () => expect((await refusal('env:PW')).message).toContain('env:PW'));
  test('empty', async () => expect((await refusal('env:PW', { PW: '' })).message).toContain('empty'));
});

describe('file', () => {
  test.each([
    ['value', 'value'],
    ['value\n', 'value'],
    ['value\n\n', 'value\n'],
    ['va\nlue\r\n', 'va\nlue\r'],
  ])('%j is %j: one newline at the end is no part of it', async (text, value) => {
    expect(await valueAt(`file:${await put('newline', text)}`)).toBe(value);
  });

  test.each([0o640, 0o604, 0o660, 0o601])('mode %o is refused, saying chmod', async (mode) => {
    const error = await refusal(`file:${await put('open', PLANTED, mode)}`);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain('chmod 600');
  });

  test('through a link the permissions are those of the file', async () => {
    const link = join(folder, 'link');
    await symlink(await put('behind', PLANTED), link);
    expect(await valueAt(`file:${link}`)).toBe(PLANTED);
    await chmod(join(folder, 'behind'), 0o644);
    expect(await refusal(`file:${link}`)).toBeInstanceOf(ConfigError);
  });

  test('64 KiB and no more', async () => {
    expect(await valueAt(`file:${await put('large', 'x'.repeat(65_536))}`)).toHaveLength(65_536);
    expect((await refusal(`file:${await put('larger', 'x'.repeat(65_537))}`)).message).toContain('longer than');
  });

  test('a FIFO does not hang, a folder is no file, a missing one is named, a relative path is refused', async () => {
    execFileSync('mkfifo', ['-m', '600', join(folder, 'fifo')]);
    expect((await refusal(`file:${folder}/fifo`)).message).toContain('not a regular file');
    expect((await refusal(`file:${folder}`)).message).toContain('not a regular file');
    expect((await refusal(`file:${folder}/none`)).message).toContain('ENOENT');
    expect((await refusal('file:secret')).message).toContain('absolute');
  });
});

describe('credential', () => {
  test('from the folder, group bits allowed as systemd sets them', async () => {
    await put('bmc', PLANTED, 0o440);
    expect(await valueAt('credential:bmc', { CREDENTIALS_DIRECTORY: folder })).toBe(PLANTED);
    await put('bmc', PLANTED, 0o444);
    expect(await refusal('credential:bmc', { CREDENTIALS_DIRECTORY: folder })).toBeInstanceOf(ConfigError);
  });
  test.each(['credential:../etc/shadow', 'credential:..', 'credential:a/b', 'credential:'])(
    '%s is no name',
    async (ref) =>
      expect((await refusal(ref, { CREDENTIALS_DIRECTORY: folder })).message).toContain('not a credential name'),
  );
  test('without a folder', async () => expect((await refusal('credential:x')).message).toContain('LoadCredential'));
});

describe('command', () => {
  test('its output, with PATH and HOME and nothing else', async () => {
    const seen = await valueAt({ command: ['env'] }, { HOME: '/root', PW: PLANTED });
    expect(seen.split('\n').sort()).toEqual(['HOME=/root', 'PATH=/usr/bin:/bin']);
  });
  test('words are words, not shell', async () =>
    expect(await valueAt({ command: ['printf', '%s\n', '$HOME; echo x'] })).toBe('$HOME; echo x'));
  test('failing tells the code and not what it said', async () => {
    const error = await refusal({ command: ['sh', '-c', `echo ${PLANTED} >&2; echo ${PLANTED}; exit 3`] });
    expect(error.message).toBe('secret command sh failed: exit code 3');
  });
  test('not there', async () => expect((await refusal({ command: ['/no/such'] })).message).toContain('ENOENT'));
  test('empty list', async () => expect(await refusal({ command: [] })).toBeInstanceOf(ConfigError));
  test('without end: cut off', async () =>
    expect(
      (await refusal({ command: ['sh', '-c', 'while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done'] })).message,
    ).toContain('more than'));
  test('asking for something: killed after 30 s with what it started', async () => {
    const clock = createManualClock();
    const opening = createSecrets({ clock, log, environment: { PATH: '/usr/bin:/bin' } }).open(
      { command: ['sh', '-c', 'sleep 61.7731 & wait'] },
      signal,
    );
    const failed = expect(opening).rejects.toThrow(DeadlineError);
    await settle();
    await clock.advance(30_000);
    await failed;
    expect(execFileSync('sh', ['-c', "ps -eo args | grep -c '^sleep 61.7731' || true"]).toString().trim()).toBe('0');
  });
  test('an abort ends it', async () => {
    const abort = new AbortController();
    const opening = secrets().open({ command: ['sleep', '60'] }, abort.signal);
    abort.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
  });
});

test('store: is said to be unknown yet, and a value pasted as a reference is not repeated', async () => {
  expect((await refusal('store:x')).message).toContain('file:');
  expect((await refusal(PLANTED)).message).not.toContain(PLANTED);
  expect((await refusal(`hunter2:${PLANTED}`)).message).not.toContain(PLANTED);
});

test('nothing was logged but places', () => {
  expect(logged.length).toBeGreaterThan(5);
  expect(logged.join('\n')).not.toContain(PLANTED);
});
