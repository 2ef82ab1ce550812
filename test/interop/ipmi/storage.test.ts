import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventLogReport, FruInventory, LogEntry } from '../../../src/domain/hardware.ts';
import type { Bmc } from '../../../src/domain/ports/bmc.ts';
import { createIpmiBmcs, type IpmiBmcs } from '../../../src/drivers/bmc/ipmi/ipmi-bmcs.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import { createDefaultFruDevices } from '../../../src/simulator/bmc/fru.ts';
import { createSimulatedBmc, type SimulatedBmc } from '../../../src/simulator/bmc/simulated-bmc.ts';
import { encodeFru } from '../../lab/rig/fru.ts';
import { type IpmiSim, startIpmiSim } from './ipmi-sim.ts';
import { hasTool, runTool, type ToolResult, toolVersion } from './tools.ts';

const never = new AbortController().signal;

/** Events as they come from BMCs and firmware: generator, revision, sensor type and number, direction and type, data. */
const events: readonly (readonly number[])[] = [
  [0x20, 0x00, 0x04, 0x01, 0xa1, 0x01, 0x59, 0x5c, 0x5a],
  [0x20, 0x00, 0x04, 0x01, 0xa1, 0x81, 0x59, 0x50, 0x5a],
  [0x20, 0x00, 0x04, 0x08, 0xa2, 0x6f, 0xf6, 0xff, 0x03],
  [0x20, 0x00, 0x04, 0x0c, 0xa3, 0x6f, 0x30, 0xff, 0x07],
  [0x01, 0x00, 0x04, 0x0f, 0xa4, 0x6f, 0xc2, 0x13, 0xff],
  [0x20, 0x00, 0x04, 0x1d, 0xa5, 0x6f, 0xc7, 0x04, 0xff],
  [0x20, 0x00, 0x04, 0x23, 0xa6, 0xef, 0xc1, 0x13, 0xff],
  [0x20, 0x00, 0x04, 0x25, 0xa7, 0x08, 0x01, 0xff, 0xff],
];

function openDriver(bmcs: IpmiBmcs, port: number): Promise<Bmc> {
  return bmcs.open({ host: '127.0.0.1', port, user: 'admin', password: Secret.fromText('secret') }, never);
}

const createDriver = (): IpmiBmcs =>
  createIpmiBmcs({
    udp: systemUdp,
    clock: systemClock,
    entropy: systemEntropy,
    log: silentLog,
    meter: createMeter(),
  });

function ipmitool(port: number, suite: number, ...command: readonly string[]): Promise<ToolResult> {
  const login = ['-I', 'lanplus', '-H', '127.0.0.1', '-p', `${port}`, '-U', 'admin', '-P', 'secret', '-C', `${suite}`];
  // It shows and takes times in the order of the locale.
  return runTool('env', ['LC_ALL=C', 'ipmitool', '-Z', ...login, ...command]);
}

/** The cells of ipmitool's `sel list` and `sel elist`, without what it says of a missing SDR repository. */
function rows({ output }: ToolResult): readonly (readonly string[])[] {
  const lines = output.split('\n').filter((line) => /^ *[0-9a-f]+ \| /.test(line));
  return lines.map((line) => line.split('|').map((cell) => cell.trim()));
}

/** As ipmitool shows a time: month/day/year and the time of day. */
function ipmitoolTime(at: number | null): readonly string[] {
  if (at === null) return [];
  const [year = '', month, day] = new Date(at).toISOString().slice(0, 10).split('-');
  return [`${month}/${day}/${year.slice(2)}`, `${new Date(at).toISOString().slice(11, 19)} GMT`];
}

const directionOf = ({ text }: LogEntry): string => (/\bdeasserted\b/.test(text) ? 'Deasserted' : 'Asserted');

/** A `label : value` line of a tool. */
function shownValue(output: string, label: string): string | undefined {
  const line = output.split('\n').find((each) => each.replace(/\s*:.*$/, '').trim() === label);
  return line?.replace(/^[^:]*:\s*/, '').trim();
}

describe('the simulated BMC', () => {
  let bmc: SimulatedBmc;
  let driver: Bmc;
  let bmcs: IpmiBmcs;
  let cache: string;
  const port = (): number => bmc.local.port;

  beforeAll(async () => {
    cache = mkdtempSync(join(tmpdir(), 'bootwright-sdr-cache-'));
    bmc = await createSimulatedBmc(
      { udp: systemUdp, clock: systemClock, entropy: systemEntropy },
      {
        users: [{ name: 'admin', password: 'secret', privilege: 4 }],
        address: '127.0.0.1',
        port: 0,
        chassis: createPlainChassis({ poweredOn: true }),
        fruDevices: createDefaultFruDevices('0042'),
        powerWatts: 231,
        eventLog: { eraseMs: 300 },
      },
      never,
    );
    bmcs = createDriver();
    driver = await openDriver(bmcs, port());
    for (const event of events) bmc.eventLog.add(Buffer.from([0, 0, 2, 0, 0, 0, 0, ...event]));
    bmc.eventLog.add(Buffer.from('0000c000000000572c00010203040506', 'hex'));
    bmc.eventLog.add(Buffer.from('0000e00102030405060708090a0b0c0d', 'hex'));
  });
  afterAll(async () => {
    await driver[Symbol.asyncDispose]();
    await bmcs[Symbol.asyncDispose]();
    await bmc[Symbol.asyncDispose]();
    rmSync(cache, { recursive: true, force: true });
  });

  describe.skipIf(!hasTool('ipmitool'))(`and ${toolVersion('ipmitool', '-V')}`, () => {
    test.each(['list', 'elist'])('sel %s shows what the driver reads', async (command) => {
      const { entries } = await driver.eventLog(never);
      const shown = rows(await ipmitool(port(), 17, 'sel', command));
      expect(entries).toHaveLength(events.length + 2);
      expect(shown.map(([id = '']) => Number.parseInt(id, 16))).toEqual(entries.map(({ id }) => id));
      for (const [index, entry] of entries.slice(0, events.length).entries()) {
        const row = shown[index] ?? [];
        expect(row.slice(1, 3)).toEqual(ipmitoolTime(entry.at));
        // elist adds the reading and the threshold behind the direction.
        expect(row[5]).toMatch(new RegExp(`^${directionOf(entry)}`));
      }
      expect(shown.at(-1)?.at(-1)).toBe('0102030405060708090a0b0c0d');
    });

    test('sel info', async () => {
      const { entries, freeBytes, overflow } = await driver.eventLog(never);
      const { output } = await ipmitool(port(), 17, 'sel', 'info');
      expect(shownValue(output, 'Entries')).toBe(`${entries.length}`);
      expect(shownValue(output, 'Free Space')).toBe(`${freeBytes} bytes`);
      expect(shownValue(output, 'Overflow')).toBe(`${overflow}`);
      expect(shownValue(output, '# of Alloc Units')).toBe('512');
    });

    test('sel add: an entry of ipmitool is read by the driver', async () => {
      const before = bmc.eventLog.records.length;
      const file = join(cache, 'event');
      writeFileSync(file, '0x04 0x02 0xa8 0x01 0x02 0x00 0x00 # Voltage\n');
      expect((await ipmitool(port(), 17, 'sel', 'add', file)).exitCode).toBe(0);
      const { entries } = await driver.eventLog(never);
      expect(entries).toHaveLength(before + 1);
      expect(entries.at(-1)).toMatchObject({
        source: 'Voltage A8h',
        text: 'Lower Critical going low asserted',
        health: 'critical',
      });
    });

    test('fru print', async () => {
      const [fru] = await driver.inventory(never);
      const { output } = await ipmitool(port(), 17, 'fru', 'print', '0');
      expect(fru?.problems).toEqual([]);
      expectFruPrint(output, fru);
    });

    test('dcmi power reading', async () => {
      expect((await driver.chassis(never)).powerWatts).toBe(231);
      const { output } = await ipmitool(port(), 17, 'dcmi', 'power', 'reading');
      expect(shownValue(output, 'Instantaneous power reading')).toBe('231 Watts');
      expect(shownValue(output, 'Power reading state is')).toBe('activated');
    });

    test('sel time set and get, and the time that the driver sets', async () => {
      expect((await ipmitool(port(), 17, 'sel', 'time', 'set', '01/02/27 03:04:05')).output).toMatch(/01\/02\/27/);
      const { clockAt } = await driver.eventLog(never);
      expect(Math.abs((clockAt ?? 0) - Date.UTC(2027, 0, 2, 3, 4, 5))).toBeLessThan(5_000);
      await driver.setClock(Date.UTC(2028, 4, 6, 7, 8, 9), never);
      expect((await ipmitool(port(), 17, 'sel', 'time', 'get')).output).toMatch(/^05\/06\/28 07:08:(09|1\d) GMT$/);
    });
  });

  describe.skipIf(!hasTool('ipmi-sel'))(`and ${toolVersion('ipmi-sel', '--version')}`, () => {
    const freeIpmi = (tool: string, ...options: readonly string[]): Promise<ToolResult> => {
      const login = ['-D', 'LAN_2_0', '-I', '17', '-h', `127.0.0.1:${port()}`, '-u', 'admin', '-p', 'secret'];
      return runTool(tool, [...login, ...options]);
    };

    test('ipmi-sel says of each event what the driver says', async () => {
      const { entries } = await driver.eventLog(never);
      const { output } = await freeIpmi('ipmi-sel', '-v', '--ignore-sdr-cache', '--comma-separated-output');
      const lines = output.split('\n').filter((line) => /^\d+,/.test(line));
      expect(lines.map((line) => Number(line.split(',')[0]))).toEqual(entries.map(({ id }) => id));
      const said = (index: number): readonly [string | undefined, string | undefined] => [
        lines[index]?.split(',').slice(4).join(','),
        entries[index]?.text,
      ];
      expect([0, 2, 4, 5, 6].map(said)).toEqual([
        [
          expect.stringMatching(/Assertion Event,Upper Critical - going high ; .*Reading = 5Ch.* ; Threshold = 5Ah/),
          'Upper Critical going high asserted, reading 5Ch (raw), threshold 5Ah (raw)',
        ],
        [
          expect.stringMatching(/Configuration error ; Power Supply rating mismatch/),
          'Configuration Error asserted, power supply rating mismatch',
        ],
        [
          expect.stringMatching(/System Firmware Progress ; Starting operating system boot process/),
          expect.stringMatching(/asserted, starting operating system boot process$/),
        ],
        [expect.stringMatching(/System Restart ; Watchdog expiration/), expect.stringMatching(/watchdog expiration$/)],
        [
          expect.stringMatching(/Deassertion Event,Hard Reset ; Timer use at expiration = OS Load ; .* = SMI/),
          'Hard Reset deasserted, timer use OS load, interrupt SMI',
        ],
      ]);
    });

    test('ipmi-fru', async () => {
      const { output, exitCode } = await freeIpmi('ipmi-fru', '--ignore-sdr-cache');
      expect(exitCode).toBe(0);
      expect(output).not.toMatch(/Error|Checksum/);
      const [fru] = await driver.inventory(never);
      expect(shownValue(output, 'FRU Chassis Type')).toBe(fru?.chassis?.Type);
      expect(shownValue(output, 'FRU Chassis Part Number')).toBe(fru?.chassis?.['Part Number']);
      expect(shownValue(output, 'FRU Board Part Number')).toBe(fru?.board?.['Part Number']);
      expect(shownValue(output, 'FRU Product Asset Tag')).toBe(fru?.product?.['Asset Tag']);
      expect(shownValue(output, 'FRU Product Custom Info')).toBe(fru?.product?.['Custom 1']);
      expect(shownValue(output, 'FRU Board Manufacturing Date/Time')).toBe('11/14/23 - 22:13:00');
    });

    test('ipmi-dcmi --get-system-power-statistics', async () => {
      const { output } = await freeIpmi('ipmi-dcmi', '--get-system-power-statistics');
      expect(shownValue(output, 'Current Power')).toBe('231 Watts');
      expect(shownValue(output, 'Power Measurement')).toBe('Active');
    });
  });

  test('chassis verbs leave events, and the driver clears them once nothing is unread', async () => {
    const { entries: before } = await driver.eventLog(never);
    await driver.power('reset', never);
    const newest = before.at(-1)?.id ?? 0;
    await expect(driver.clearEventLog(newest, never)).rejects.toThrow(/came in after/);
    expect(bmc.eventLog.records).toHaveLength(before.length + 1);
    await driver.clearEventLog(newest + 1, never);
    expect((await driver.eventLog(never)).entries).toEqual([]);
  });

  test.skipIf(!hasTool('ipmitool'))('sel clear of ipmitool empties the log too', async () => {
    await driver.power('reset', never);
    expect(bmc.eventLog.records).toHaveLength(1);
    expect((await ipmitool(port(), 17, 'sel', 'clear')).exitCode).toBe(0);
    expect(bmc.eventLog.records).toHaveLength(0);
  });
});

const able = hasTool('ipmi_sim') && hasTool('ipmitool');

describe.skipIf(!able)(`the driver, ${toolVersion('ipmi_sim', '--version')} and ipmitool`, () => {
  let sim: IpmiSim;
  let port: number;
  let bmcs: IpmiBmcs;
  let driver: Bmc;

  beforeAll(async () => {
    sim = await startStorage();
    port = sim.port;
    bmcs = createDriver();
    driver = await openDriver(bmcs, port);
    await driver.identity(never);
  }, 20_000);
  afterAll(async () => {
    await driver[Symbol.asyncDispose]();
    await bmcs[Symbol.asyncDispose]();
    sim[Symbol.dispose]();
  });

  const read = (): Promise<EventLogReport> => driver.eventLog(never);

  test('the event log', async () => {
    const { entries, overflow } = await read();
    const shown = rows(await ipmitool(port, 3, 'sel', 'list'));
    expect(entries).toHaveLength(events.length + 1);
    expect(overflow).toBe(false);
    expect(shown.map(([id = '']) => Number.parseInt(id, 16))).toEqual(entries.map(({ id }) => id));
    for (const [index, entry] of entries.slice(0, events.length).entries()) {
      expect(shown[index]?.at(5)).toBe(directionOf(entry));
    }
    expect(entries[2]).toMatchObject({
      source: 'Power Supply A2h',
      text: 'Configuration Error asserted, power supply rating mismatch',
    });
    expect(entries.at(-1)?.text).toBe('record type E0h: 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d');
  });

  test('its size', async () => {
    const { entries, freeBytes } = await read();
    const { output } = await ipmitool(port, 3, 'sel', 'info');
    expect(shownValue(output, 'Entries')).toBe(`${entries.length}`);
    expect(shownValue(output, 'Free Space')).toBe(`${freeBytes} bytes`);
  });

  test('the inventory', async () => {
    const [fru] = await driver.inventory(never);
    expect(fru?.problems).toEqual([]);
    expect(fru?.chassis).toBeNull();
    expectFruPrint((await ipmitool(port, 3, 'fru', 'print', '0')).output, fru);
  });

  test('no DCMI: no watts, and the rest of the chassis is told', async () => {
    expect(await driver.chassis(never)).toMatchObject({ powerWatts: null, power: expect.any(String) });
  });

  test('its clock', async () => {
    await driver.setClock(Date.UTC(2028, 4, 6, 7, 8, 9), never);
    expect((await ipmitool(port, 3, 'sel', 'time', 'get')).output).toMatch(/^05\/06\/28 07:08:(09|1\d) GMT$/);
    expect(Math.abs(((await read()).clockAt ?? 0) - Date.UTC(2028, 4, 6, 7, 8, 9))).toBeLessThan(5_000);
  });

  test('an entry of ipmitool comes in: the log is not erased; then it is', async () => {
    const { entries } = await read();
    const newest = entries.at(-1)?.id ?? 0;
    const file = join(sim.folder, 'event');
    writeFileSync(file, '0x04 0x02 0xa8 0x01 0x02 0x00 0x00 # Voltage\n');
    await ipmitool(port, 3, 'sel', 'add', file);
    await expect(driver.clearEventLog(newest, never)).rejects.toThrow(/nothing was erased/);
    expect((await read()).entries).toHaveLength(entries.length + 1);
    await driver.clearEventLog((await read()).entries.at(-1)?.id ?? 0, never);
    expect((await read()).entries).toEqual([]);
    expect(shownValue((await ipmitool(port, 3, 'sel', 'info')).output, 'Entries')).toBe('0');
  });
});

/** What `fru print` shows of one device is what the driver has read. */
function expectFruPrint(output: string, fru: FruInventory | undefined): void {
  const { chassis, board, product } = fru ?? {};
  const labels: readonly [string, string | undefined][] = [
    ['Chassis Type', chassis?.Type],
    ['Chassis Part Number', chassis?.['Part Number']],
    ['Chassis Serial', chassis?.['Serial Number']],
    ['Chassis Extra', chassis?.['Custom 1']],
    ['Board Mfg', board?.Manufacturer],
    ['Board Product', board?.['Product Name']],
    ['Board Serial', board?.['Serial Number']],
    ['Board Part Number', board?.['Part Number']],
    ['Product Manufacturer', product?.['Manufacturer Name']],
    ['Product Name', product?.['Product Name']],
    ['Product Part Number', product?.['Part/Model Number']],
    ['Product Version', product?.Version],
    ['Product Serial', product?.['Serial Number']],
    ['Product Asset Tag', product?.['Asset Tag']],
    ['Product Extra', product?.['Custom 1']],
  ];
  expect(labels.map(([label]) => [label, shownValue(output, label)])).toEqual(labels);
  expect(product).not.toBeNull();
}

/** With an event log and an inventory. */
function startStorage(): Promise<IpmiSim> {
  const hex = (bytes: Iterable<number>): string => Array.from(bytes, (byte) => `0x${byte.toString(16)}`).join(' ');
  const fru = encodeFru('sim-01');
  return startIpmiSim({
    emulation(folder) {
      writeFileSync(join(folder, 'fru.bin'), fru);
      return ['sel_enable 0x20 1000 0x0a', `mc_add_fru_data 0x20 0 ${fru.length} file 0 "${join(folder, 'fru.bin')}"`];
    },
    // `sel_add` takes the record type and the 13 bytes behind it.
    enabled: [
      ...events.map((event) => `sel_add 0x20 0x02 ${hex([0x80, 0xf0, 0x53, 0x65, ...event])}`),
      `sel_add 0x20 0xe0 ${hex(Array.from({ length: 13 }, (_none, index) => index + 1))}`,
    ],
  });
}
