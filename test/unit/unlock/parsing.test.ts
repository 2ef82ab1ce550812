import { describe, expect, test } from 'vitest';
import { verdictOfUnlock } from '../../../src/drivers/unlock/answer-initramfs.ts';
import { commandFor } from '../../../src/drivers/unlock/answer-systemd.ts';
import { parseInitrdReport } from '../../../src/drivers/unlock/initrd-report.ts';
import { verdictOf } from '../../../src/drivers/unlock/judge.ts';
import { initOf } from '../../../src/drivers/unlock/kernel-command-line.ts';
import { passphraseBytes, passphraseLine } from '../../../src/drivers/unlock/passphrase.ts';
import { diskOfUnit, unescapeInstance } from '../../../src/drivers/unlock/unit-name.ts';
import { InvalidRequestError, RefusedError } from '../../../src/foundation/errors.ts';
import { Secret } from '../../../src/foundation/secret.ts';

const BOOT = 'boot-id 365a43e1-25ad-4fe7-bd8b-78f7b1aa54d5\nuptime 21.50 3.00\n';
const SYSTEMD = `${BOOT}initrd-release\nsystemd\n`;
const INITRAMFS = `${BOOT}initramfs\n`;
const parse = (text: string) => parseInitrdReport(Buffer.from(text), 'm1');

describe('kernel command line', () => {
  test.each([
    ['init=/nix/store/x/init loglevel=4', '/nix/store/x/init'],
    ['rdinit=/bin/sh systemConfig=/nix/store/x', null],
    ['init=/a init=/b', '/b'],
    ['foo="bar init=/no" init=/yes', '/yes'],
    ['"init=/with space"', '/with space'],
    ['quiet -- init=/not-the-kernel-s', null],
    ['init=', null],
    ['', null],
  ])('%j: init is %j', (line, init) => expect(initOf(line)).toBe(init));
});

describe('unit names', () => {
  test.each([
    ['systemd-cryptsetup@cryptroot.service', 'cryptroot'],
    ['systemd-cryptsetup@crypt\\x2ddata.service', 'crypt-data'],
    ['systemd-cryptsetup@a-b.service', 'a/b'],
    ['systemd-cryptsetup@\\xc3\\xa4.service', 'ä'],
    ['cryptsetup.target', undefined],
  ])('%s is disk %j', (unit, disk) => expect(diskOfUnit(unit)).toBe(disk));
  test('a backslash that escapes nothing stays', () => expect(unescapeInstance('a\\xzz')).toBe('a\\xzz'));
});

describe('flavour', () => {
  test.each([
    ['systemd', SYSTEMD, 'systemd'],
    ['initramfs-tools', INITRAMFS, 'initramfs'],
    ['initramfs-tools with an initrd-release', `${BOOT}initramfs\ninitrd-release\n`, 'initramfs'],
  ])('%s', (_name, text, flavour) => expect(parse(text).flavour).toBe(flavour));
  test.each([
    ['a running system', `${BOOT}systemd\n`],
    ['something else', BOOT],
    ['nothing', ''],
    ['no boot_id', 'initramfs\n'],
  ])('%s gets no passphrase', (_name, text) => expect(() => parse(text)).toThrow(RefusedError));
});

const ASK = (file: string, fields: readonly string[]) => fields.map((field) => `ask ${file} ${field}\n`).join('');
const CGROUP = (file: string, unit: string) =>
  `ask-cgroup ${file} 0::/system.slice/system-systemd\\x2dcryptsetup.slice/${unit}\n`;

describe('questions of systemd', () => {
  const one = ASK('ask.a1', ['[Ask]', 'PID=548', 'Socket=/run/systemd/ask-password/sck.1', 'NotAfter=0']);

  test('the disk is told by the unit of the asking process', () => {
    const report = parse(`${SYSTEMD}${one}${CGROUP('ask.a1', 'systemd-cryptsetup@crypt\\x2ddata.service')}`);
    expect(report.prompts).toEqual([
      { disk: 'crypt-data', id: 'ask.a1:548', socket: '/run/systemd/ask-password/sck.1' },
    ]);
    expect(report.questions).toBe(1);
  });

  test('a question of something else counts, but is no disk’s', () => {
    const report = parse(`${SYSTEMD}${one}${CGROUP('ask.a1', 'zfs-import-tank.service')}`);
    expect(report).toMatchObject({ prompts: [], questions: 1 });
  });

  test.each([
    [
      'past its time',
      `${ASK('ask.a1', ['PID=5', 'NotAfter=21000000'])}${CGROUP('ask.a1', 'systemd-cryptsetup@r.service')}`,
      0,
    ],
    [
      'still in time',
      `${ASK('ask.a1', ['PID=5', 'NotAfter=22000000'])}${CGROUP('ask.a1', 'systemd-cryptsetup@r.service')}`,
      1,
    ],
    ['whose process is gone', ASK('ask.a1', ['PID=5', 'NotAfter=0']), 0],
  ])('one %s', (_name, text, count) => expect(parse(SYSTEMD + text).questions).toBe(count));

  test('units: a failed one is exhausted, other units are not looked at', () => {
    const units = [
      'unit systemd-cryptsetup@a.service loaded failed failed Cryptography Setup for a',
      'unit systemd-cryptsetup@b.service loaded activating start start Cryptography Setup for b',
      'unit foo.service loaded failed failed Foo',
    ];
    expect(parse(`${SYSTEMD}${units.join('\n')}`)).toMatchObject({
      exhausted: ['a'],
      units: [{ disk: 'a' }, { disk: 'b' }],
    });
  });

  test('what answers: the reply tool to the socket, else the agent when it is the only question', () => {
    const text = `${SYSTEMD}${one}${CGROUP('ask.a1', 'systemd-cryptsetup@r.service')}`;
    const tool = parse(`${text}reply-tool /nix/store/x-systemd/lib/systemd/systemd-reply-password\n`);
    const command = (report: ReturnType<typeof parse>) => {
      const [prompt] = report.prompts;
      if (prompt === undefined) throw new Error('no prompt');
      return commandFor(report, prompt, 'm1');
    };
    expect(command(tool)).toBe(
      '/nix/store/x-systemd/lib/systemd/systemd-reply-password 1 /run/systemd/ask-password/sck.1',
    );
    expect(command(parse(text))).toBe('systemd-tty-ask-password-agent --query');
    const two = parse(`${text}${ASK('ask.b', ['PID=9'])}${CGROUP('ask.b', 'other.service')}`);
    expect(() => command(two)).toThrow(RefusedError);
  });
});

describe('askpass of initramfs-tools', () => {
  test('disk from its environment, id from process and start time, whatever its name', () => {
    const stat = '312 (ask) pass (x) S 311 1 1 0 -1 4194304 100 0 0 0 0 0 0 0 20 0 1 0 1234 2400256 200';
    const report = parse(`${INITRAMFS}askpass 312 ${stat}\naskpass-env 312 CRYPTTAB_NAME=root=x\nopened lv-swap\n`);
    expect(report.prompts).toEqual([{ disk: 'root=x', id: 'askpass:312:1234', socket: null }]);
    expect(report.unlocked).toEqual(['lv-swap']);
  });
});

describe('verdict of cryptroot-unlock', () => {
  const said = (line: string) => Buffer.from(`${line}\n`);
  const OPENED = said('cryptsetup: root set up successfully');
  const WRONG = said('cryptsetup: cryptsetup failed, bad password or options?');
  const SPENT = said('cryptsetup: maximum number of tries exceeded for root');
  const none = Buffer.alloc(0);
  test.each([
    [0, OPENED, false, true, 'unlocked'],
    [null, OPENED, true, true, 'unlocked'],
    [1, OPENED, false, true, 'watch'],
    [1, WRONG, false, true, 'wrong'],
    [0, WRONG, false, true, 'watch'],
    [1, SPENT, false, true, 'exhausted'],
    [0, none, false, true, 'watch'],
    [0, none, false, false, 'nothing-pending'],
    [1, said('Error: Timeout reached while waiting for askpass.'), false, false, 'nothing-pending'],
    [1, said('Error: Timeout reached while waiting for PID 311.'), false, true, 'watch'],
    [0, said('cryptsetup: other set up successfully'), false, true, 'watch'],
    [null, none, true, true, 'unknown'],
  ] as const)('exit %j, %s, dropped %j, sent %j: %s', (exitCode, stderr, dropped, stdinSent, verdict) => {
    expect(verdictOfUnlock({ exitCode, stderr, dropped, stdinSent }, 'root')).toBe(verdict);
  });
});

describe('verdict from a later look', () => {
  const prompt = { disk: 'r', id: 'ask.1:5' };
  const unit = (state: string) => `unit systemd-cryptsetup@r.service loaded ${state} x\n`;
  const ask = (file: string) => `${ASK(file, ['PID=5'])}${CGROUP(file, 'systemd-cryptsetup@r.service')}`;
  test.each([
    ['still the same question', ask('ask.1'), undefined],
    ['no question, unit at work', unit('activating'), undefined],
    ['a new question', ask('ask.2'), 'wrong'],
    [
      'another disk’s question',
      `${ASK('ask.9', ['PID=7'])}${CGROUP('ask.9', 'systemd-cryptsetup@x.service')}`,
      undefined,
    ],
    ['unit failed', unit('failed'), 'exhausted'],
    ['unit active', unit('active'), 'unlocked'],
    ['node there', 'opened r\n', 'unlocked'],
    ['node there and a stale question', `opened r\n${ask('ask.2')}`, 'unlocked'],
  ])('%s', (_name, text, verdict) => expect(verdictOf(parse(SYSTEMD + text), prompt)).toBe(verdict));
});

describe('passphrases', () => {
  test('a line for the agent, the bytes for initramfs-tools; the original stays', () => {
    using secret = Secret.fromText('open sesame 42');
    using line = passphraseLine(secret, 'r');
    using bytes = passphraseBytes(secret, 'r');
    expect(line.use((value) => value.toString())).toBe('open sesame 42\n');
    expect(bytes.use((value) => value.toString())).toBe('open sesame 42');
    expect(secret.length).toBe(14);
  });
  test.each(['', 'a\tb', 'a\nb', 'a\0b', 'a\x7fb', '\x04'])(
    '%j is refused for the agent, without being told',
    (text) => {
      expect(() => passphraseLine(Secret.fromText(text), 'r')).toThrow(InvalidRequestError);
    },
  );
  test('initramfs-tools takes any bytes but none', () => {
    expect(passphraseBytes(new Secret(Buffer.from([0, 9, 10])), 'r').length).toBe(3);
    expect(() => passphraseBytes(Secret.fromText(''), 'r')).toThrow(InvalidRequestError);
  });
});
