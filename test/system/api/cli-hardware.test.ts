import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TokenRole } from '../../../src/domain/ports/tokens.ts';
import { AuthenticationError, UnreachableError } from '../../../src/foundation/errors.ts';
import { fakeEntry, fakeSensor } from '../../support/fake-bmc.ts';
import { type HardwareRig, startHardwareRig } from './hardware-rig.ts';

const COMMAND = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'bootwright.ts');
const folder = mkdtempSync(join(tmpdir(), 'bootwright-cli-'));

let rig: HardwareRig;
let url: string;
beforeAll(async () => {
  rig = await startHardwareRig();
  url = await rig.service.listen();
  for (const [role, token] of Object.entries(rig.service.tokens))
    writeFileSync(join(folder, role), `${token}\n`, { mode: 0o600 });
});
afterAll(async () => {
  await rig.service[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

/** The command as a user would start it. */
function cli(args: readonly string[], role: TokenRole = 'operator', input = ''): Promise<Ended> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    env: { PATH: '/usr/bin:/bin', HOME: folder, BOOTWRIGHT_URL: url, BOOTWRIGHT_TOKEN_FILE: join(folder, role) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    err += String(chunk);
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

const ok = (out: string, err = ''): Ended => ({ code: 0, out, err });

describe('asking', () => {
  it('for power starts no run', async () => {
    const { name, path, bmc } = await rig.declare();
    bmc.power = 'off';
    expect(await cli(['power', name, 'status'], 'viewer')).toEqual(ok('off\n'));
    expect(await cli(['power', name, 'status', '--json'], 'viewer')).toEqual(ok('{"power":"off"}\n'));
    expect(await rig.eventsOf(path)).toEqual([]);
  });

  it('for the chassis names its faults', async () => {
    const { name, bmc } = await rig.declare();
    bmc.chassis = { ...bmc.chassis, coolingFault: true, intrusion: true, powerWatts: null };
    const { code, out } = await cli(['chassis', name], 'viewer');
    expect([code, out.split('\n')]).toEqual([
      0,
      [
        'power              on',
        'faults             chassis opened, cooling fault',
        'last power event   by-command',
        'when mains returns be as it was before',
        'last restart       power-up by power button',
        'front panel        not locked',
        'identify light     off',
        'power drawn        -',
        'powered on for     1234 h',
        '',
      ],
    ]);
    expect(JSON.parse((await cli(['chassis', name, '--json'])).out)).toMatchObject({
      coolingFault: true,
      powerWatts: null,
    });
  });

  it('for sensors shows a table in which no sensor steers the terminal', async () => {
    const { name, bmc } = await rig.declare();
    bmc.sensors = [
      fakeSensor({ name: 'CPU Temp', value: 42.5 }),
      fakeSensor({
        name: 'FAN\u001b[31m1\n',
        type: 'Fan',
        value: 0,
        unit: 'RPM',
        health: 'critical',
        states: ['Lower Critical'],
        entity: 'fan 1',
      }),
      fakeSensor({
        name: 'DIMM',
        value: null,
        health: 'unknown',
        unavailable: 'scanning disabled',
        entity: 'memory 1',
      }),
    ];
    expect((await cli(['sensors', name], 'viewer')).out.split('\n')).toEqual([
      'SENSOR      TYPE         READING         HEALTH    PART         STATE',
      'FAN\ufffd[31m1\ufffd  Fan          0 RPM           critical  fan 1        Lower Critical',
      'CPU Temp    Temperature  42.5 degrees C  ok        processor 1  -',
      'DIMM        Temperature  -               unknown   memory 1     scanning disabled',
      '',
    ]);
    expect((await cli(['sensors', name, '--problems'])).out).not.toContain('CPU Temp');
    expect((await cli(['sensors', name, '--type', 'temperature'])).out).not.toContain('FAN');
    expect(await cli(['sensors', name, '--problems', '--type', 'temperature'])).toEqual(ok('', 'no problems\n'));
    expect(JSON.parse((await cli(['sensors', name, '--problems', '--json'])).out)).toEqual([bmc.sensors[1]]);
  });

  it('for the inventory shows what is written, and what could not be read', async () => {
    const { name, bmc } = await rig.declare();
    expect(await cli(['inventory', name])).toEqual(ok('', 'the BMC knows of no parts\n'));
    const board = { Manufacturer: 'Vendor\u0000', 'Part Number': 'X-1' };
    bmc.inventory = [
      { id: 0, name: 'mainboard', chassis: { Type: '17h' }, board, product: null, problems: [] },
      { id: 2, name: 'PSU 1', chassis: null, board: null, product: null, problems: ['no such device (CBh)'] },
    ];
    const { out } = await cli(['inventory', name], 'viewer');
    expect(out.split('\n')).toEqual([
      'mainboard (0)',
      '  chassis  Type          17h',
      '  board    Manufacturer  Vendor\ufffd',
      '  board    Part Number   X-1',
      '',
      'PSU 1 (2)',
      '  not read: no such device (CBh)',
      '',
    ]);
  });
});

describe('the event log', () => {
  it('is listed, its clock is set, and it is erased only when that is meant', async () => {
    const { name, path, bmc } = await rig.declare();
    bmc.log = [fakeEntry(1, { at: null }), fakeEntry(2, { health: 'critical', text: 'hot\u001b[2J' })];
    const lines = [
      'ID  TIME                      SOURCE    HEALTH    WHAT',
      '1   -                         CPU Temp  ok        entry 1',
      '2   2023-11-14T22:13:22.000Z  CPU Temp  critical  hot\ufffd[2J',
      '',
    ];
    const list = await cli(['event-log', name], 'viewer');
    expect([list.code, list.out.split('\n'), list.err]).toEqual([
      0,
      lines,
      'the clock of the log says 2023-11-14T22:13:20.000Z\n',
    ]);
    expect((await cli(['event-log', name, 'list', '-n', '1'])).err).toContain('the last 1 of 2 entries');
    const set = await cli(['event-log', name, 'set-clock']);
    expect(set).toEqual(ok(`the clock of the event log of ${name} was set to 2026-01-31T12:00:00.000Z\n`));

    const unsure = await cli(['event-log', name, 'clear']);
    expect([unsure.code, unsure.err]).toEqual([2, expect.stringContaining('--yes')]);
    expect(bmc.log).toHaveLength(2);
    const cleared = await cli(['event-log', name, 'clear', '--yes']);
    expect([cleared.code, cleared.out.split('\n'), cleared.err]).toEqual([0, lines, '2 entries erased\n']);
    expect(await cli(['event-log', name, 'clear', '--yes', '--json'])).toEqual(ok('{"erased":[]}\n'));
    expect((await cli(['event-log', name])).err).toContain('the event log is empty');
    expect((await cli(['events', name])).out).toContain(
      'BMC event log ordered to be erased: outcome done, actor the-operator, entries 2',
    );
    expect((await rig.eventsOf(path)).map(({ type }) => type)).toEqual([
      'bmc.clock-set',
      'bmc.event-log-cleared',
      'bmc.event-log-cleared',
    ]);
  });
});

describe('changing', () => {
  it('light, policy and boot override says what came of it', async () => {
    const { name, bmc } = await rig.declare();
    expect(await cli(['identify', name, '15'])).toEqual(ok(`identify light of ${name}: on for 15 s\n`));
    expect(await cli(['identify', name, 'off', '--json'])).toEqual(ok('{"light":"off"}\n'));
    expect(await cli(['power-policy', name, 'stay-off'])).toEqual(
      ok(`when mains power returns, ${name} will stay off\n`),
    );
    expect(await cli(['boot-override', name], 'viewer')).toEqual(ok('none\n'));
    expect(await cli(['boot-override', name, 'pxe', '--efi'])).toEqual(ok('pxe, next boot only, UEFI\n'));
    expect(await cli(['boot-override', name, 'show'], 'viewer')).toEqual(ok('pxe, next boot only, UEFI\n'));
    bmc.losesFlags = true;
    const lost = await cli(['boot-override', name, 'disk', '--persistent']);
    expect(lost).toEqual({
      code: 1,
      out: 'disk, next boot only\n',
      err: expect.stringContaining('did not take all of it'),
    });
    expect(await cli(['boot-override', name, 'none'])).toEqual(ok('none\n'));
  });

  it('by raw bytes prints the answer, and ends with 1 when there is none or a refusal', async () => {
    const { name, bmc } = await rig.declare();
    const meaning = 'C1h invalid command';
    bmc.rawAnswer = { kind: 'answered', completionCode: 0, meaning: '', data: Buffer.from([...Array(18).keys()]) };
    const raw = (...args: string[]) => cli(['raw', name, ...args], 'admin');
    expect(await raw('0x06', '0x01')).toEqual(ok('00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f\n10 11\n'));
    bmc.rawAnswer = { kind: 'answered', completionCode: 0xc1, meaning, data: Buffer.alloc(0) };
    expect(await raw('--lun', '1', '44', '2', '0xff')).toEqual({
      code: 1,
      out: '',
      err: `refused with completion code 0xc1: ${meaning}\n`,
    });
    bmc.rawAnswer = { kind: 'silent' };
    const silent = await raw('6', '2', '--json');
    expect(silent).toEqual({ code: 1, out: '{"outcome":"unknown"}\n', err: expect.stringContaining('not known') });
    // A password is no argument, which every user of the host could read.
    expect((await cli(['raw', name, '-'], 'admin', '0x06 0x47\n0x02 104 117\n')).code).toBe(1);
    expect((await cli(['raw', name, '-'], 'admin', '6')).code).toBe(2);
    expect(bmc.calls).toEqual(['raw 6 0 1 ', 'raw 44 1 2 ff', 'raw 6 0 2 ', 'raw 6 0 71 026875']);
  });
});

describe('what goes wrong', () => {
  it.each([
    [['identify', 'x', 'blink']],
    [['identify', 'x', '256']],
    [['power-policy', 'x', 'unknown']],
    [['boot-override', 'x', 'floppy']],
    [['boot-override', 'x', 'show', '--efi']],
    [['event-log', 'x', 'erase']],
    [['event-log', 'x', '--limit', '0']],
    [['raw', 'x', '6']],
    [['raw', 'x', '6', '256']],
    [['raw', 'x', '6', '1', '--lun', '4']],
    [['sensors']],
  ])('%j is wrong usage: 2', async (args) => {
    const { code, out, err } = await cli(args, 'admin');
    expect([code, out, err]).toEqual([2, '', expect.stringMatching(/^error: /)]);
  });

  it('is told with its reason, its hint and its code', async () => {
    const { name, bmc } = await rig.declare();
    bmc.failure = new UnreachableError('read sensors on BMC 10.77.1.1: no answer');
    expect(await cli(['sensors', name])).toEqual({
      code: 1,
      out: '',
      err: 'error: read sensors on BMC 10.77.1.1: no answer\n',
    });
    bmc.failure = new AuthenticationError('the login was rejected', { details: { hint: 'Put the password right.' } });
    const rejected = await cli(['identify', name, 'on']);
    expect(rejected).toEqual({ code: 1, out: '', err: 'error: the login was rejected\nPut the password right.\n' });
    expect((await cli(['chassis', 'nobody'])).code).toBe(1);
    const { code, err } = await cli(['raw', name, '6', '1']);
    expect([code, err]).toEqual([5, expect.stringContaining('It takes the role admin.')]);
    expect((await cli(['identify', name, 'on'], 'viewer')).code).toBe(5);
  });

  it('while a run is active names the run', async () => {
    const { name } = await rig.declare();
    const { out } = await cli(['power', name, 'on', '--detach', '--json']);
    const { code, err } = await cli(['boot-override', name, 'pxe']);
    expect([code, err]).toEqual([1, expect.stringContaining(`while run ${JSON.parse(out).id} (power)`)]);
  });
});
