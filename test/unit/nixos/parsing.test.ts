import { describe, expect, test } from 'vitest';
import { parseJobStatus } from '../../../src/drivers/nixos/job-status.ts';
import { parseProbe } from '../../../src/drivers/nixos/probe-report.ts';
import { checkOrder, rebuildCommand } from '../../../src/drivers/nixos/rebuild-order.ts';
import { createRedactor } from '../../../src/drivers/nixos/redactor.ts';
import { parseSessionReport, parseSystemReport } from '../../../src/drivers/nixos/system-report.ts';
import { InvalidRequestError, RefusedError } from '../../../src/foundation/errors.ts';
import { Secret } from '../../../src/foundation/secret.ts';

const order = { job: 'j', action: 'boot', flake: 'github:o/r/feature-x', attribute: 'm1', refresh: true } as const;

describe('command line of nixos-rebuild', () => {
  test.each([
    [
      ['--no-reexec', '--elevate', '--sudo', '--fast'],
      'sudo',
      '--no-reexec --print-build-logs --refresh --elevate sudo',
    ],
    [['--no-reexec', '--sudo', '--fast'], 'sudo', '--no-reexec --print-build-logs --refresh --sudo'],
    [['--fast', '--use-remote-sudo'], 'sudo', '--fast --print-build-logs --refresh --use-remote-sudo'],
    [['--fast'], 'none', '--fast --print-build-logs --refresh'],
    [[], undefined, '--fast --print-build-logs --refresh'],
  ] as const)('with %j, elevated by %s', (flags, elevate, rest) => {
    expect(rebuildCommand(order, new Set(flags), elevate)).toBe(
      `nixos-rebuild boot --flake 'github:o/r/feature-x#m1' ${rest}`,
    );
  });

  test.each([
    'github:o/r',
    '/etc/nixos',
    'git+ssh://git@example.org/o/r?ref=main&shallow=1',
    'path:/x',
    'git+https://example.org/o/r?dir=a',
  ])('%s is fine', (flake) => expect(() => checkOrder({ ...order, flake })).not.toThrow());
  test.each([
    'git+ssh://git:pw@example.org/r',
    'git+https://tok@h/r',
    'https://h/r?token=x',
    '-x',
    './x',
    'a b',
    'a#b',
    'a\nb',
    '',
    'a$(b)',
    'x'.repeat(3000),
  ])('%s is refused without being repeated', (flake) => {
    expect(() => checkOrder({ ...order, flake })).toThrow(InvalidRequestError);
  });
});

describe('job status', () => {
  test.each([
    ['active inactive\nresult success\n', { kind: 'absent' }],
    ['active active\nresult success\noutput 5\n', { kind: 'running' }],
    ['active activating\nresult success\n', { kind: 'running' }],
    ['active inactive\nresult success\nexit 0\noutput 5\n', { kind: 'ended', exitCode: 0, result: 'success' }],
    ['active failed\nresult exit-code\nexit 1\noutput 5\n', { kind: 'ended', exitCode: 1, result: 'exit-code' }],
    ['active failed\nresult oom-kill\noutput 5\n', { kind: 'ended', exitCode: null, result: 'oom-kill' }],
    ['active inactive\nresult success\noutput 5\n', { kind: 'ended', exitCode: null, result: 'vanished' }],
    ['', { kind: 'absent' }],
  ])('%j', (text, status) => expect(parseJobStatus(Buffer.from(text))).toEqual(status));
});

test('a probe; what makes no sense counts as an unknown user without a home', () => {
  const text =
    'home /root\nuid 0\ngid 0\nsudo\nrebuild /run/current-system/sw/bin/nixos-rebuild\nflag --fast\nflag --sudo\n';
  expect(parseProbe(Buffer.from(text))).toEqual({
    home: '/root',
    uid: '0',
    gid: '0',
    sudo: true,
    rebuild: '/run/current-system/sw/bin/nixos-rebuild',
    flags: new Set(['--fast', '--sudo']),
  });
  expect(parseProbe(Buffer.from('home a b\nuid $(x)\n'))).toMatchObject({
    home: '/var/empty',
    uid: '65534',
    rebuild: null,
    sudo: false,
  });
});

test('system and session reports; absent links are null', () => {
  const id = '365a43e1-25ad-4fe7-bd8b-78f7b1aa54d5';
  expect(
    parseSystemReport(
      Buffer.from(`boot-id ${id}\nstate degraded\nfailed a.service\nfailed b.mount\nbooted /nix/store/x\n`),
      'm',
    ),
  ).toEqual({
    bootId: id,
    state: 'degraded',
    failedUnits: ['a.service', 'b.mount'],
    booted: '/nix/store/x',
    current: null,
    profile: null,
  });
  expect(parseSystemReport(Buffer.from(`boot-id ${id}\nstate \n`), 'm').state).toBe('unknown');
  expect(() => parseSystemReport(Buffer.from('state running\n'), 'm')).toThrow(RefusedError);
  expect(parseSessionReport(Buffer.from('uid 1000\nmanager active\ndefault-target \n'))).toEqual({
    manager: 'active',
    defaultTarget: null,
  });
});

describe('redactor', () => {
  const TOKEN = 'github_pat_11ABCDEFG';
  const through = (chunks: readonly string[]): string => {
    using redactor = createRedactor([Secret.fromText(TOKEN)]);
    const out = chunks.map((chunk) => redactor.push(Buffer.from(chunk)));
    return Buffer.concat([...out, redactor.end()]).toString();
  };
  test('blanks the token and keeps every length', () => {
    expect(through([`a ${TOKEN} b`])).toBe(`a ${'*'.repeat(TOKEN.length)} b`);
  });
  test('across chunks of every size', () => {
    const text = `x${TOKEN}y${TOKEN}${TOKEN}g`;
    for (let size = 1; size < text.length; size++) {
      const chunks = text.match(new RegExp(`.{1,${size}}`, 'g')) ?? [];
      expect(through(chunks)).toBe(`x${'*'.repeat(TOKEN.length)}y${'*'.repeat(2 * TOKEN.length)}g`);
    }
  });
  test.each(['', 'x', 'xy', 'x-access-token:'])('in base64 behind %j', (lead) => {
    const encoded = Buffer.from(`${lead}${TOKEN}:`).toString('base64');
    const out = through([`authorization: basic ${encoded}\n`]);
    expect(out).toHaveLength(`authorization: basic ${encoded}\n`.length);
    // At most the groups that hold bytes of something else too are left.
    expect(Buffer.from(out.slice(21).replaceAll('*', ''), 'base64').toString()).not.toContain(TOKEN.slice(3, -3));
    expect(out).toMatch(/\*{20,}/);
  });
  test('what only begins like it comes out at the end', () =>
    expect(through(['see github_pat_'])).toBe('see github_pat_'));
});
