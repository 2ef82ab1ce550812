import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogEntry } from '../../../src/domain/hardware.ts';
import { createIpmiBmcs } from '../../../src/drivers/bmc/ipmi/ipmi-bmcs.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import { createSimulatedBmc, type SimulatedBmc } from '../../../src/simulator/bmc/simulated-bmc.ts';
import { hasTool, runTool, toolVersion } from './tools.ts';

const never = new AbortController().signal;

/** Of sensors that the simulated board has: type, number, direction and type, event data; reading and threshold are raw. */
const crossings: readonly (readonly number[])[] = [
  [0x01, 0x02, 0x01, 0x59, 0x5c, 0x5a], // a processor, too hot
  [0x04, 0x10, 0x01, 0x52, 0x10, 0x12], // a fan, too slow
  [0x02, 0x20, 0x81, 0x57, 0xc8, 0xc4], // a voltage, no longer too high
  [0x02, 0x22, 0x01, 0x52, 0xb0, 0xc0], // a negative voltage
  [0x01, 0x04, 0x01, 0x57, 0xf8, 0xf6], // a signed reading
];

let bmc: SimulatedBmc;
let entries: readonly LogEntry[];
let cache: string;

beforeAll(async () => {
  const deps = { udp: systemUdp, clock: systemClock, entropy: systemEntropy };
  const users = [{ name: 'admin', password: 'secret', privilege: 4 }];
  bmc = await createSimulatedBmc(deps, { users, address: '127.0.0.1', port: 0, chassis: createPlainChassis() }, never);
  for (const event of crossings) {
    bmc.eventLog.add(Buffer.from([0, 0, 0x02, 0, 0, 0, 0, 0x20, 0x00, 0x04, ...event]));
  }
  await using bmcs = createIpmiBmcs({ ...deps, log: silentLog, meter: createMeter() });
  const password = Secret.fromText('secret');
  await using driver = await bmcs.open({ host: '127.0.0.1', port: bmc.local.port, user: 'admin', password }, never);
  ({ entries } = await driver.eventLog(never));
  cache = mkdtempSync(join(tmpdir(), 'bootwright-sdr-cache-'));
});
afterAll(async () => {
  await bmc[Symbol.asyncDispose]();
  rmSync(cache, { recursive: true, force: true });
});

/** Reading and threshold, as any of the three say them. */
function numbers(text: string): readonly [number, number] {
  const found = /reading\s*=?\s*(-?[\d.]+).*threshold\s*=?\s*(-?[\d.]+)/i.exec(text);
  return [Number(found?.[1]), Number(found?.[2])];
}

function expectAlike(line: string, entry: LogEntry | undefined): void {
  expect(line).toContain(entry?.source ?? 'an entry');
  const [reading, threshold] = numbers(entry?.text ?? '');
  const [theirReading, theirThreshold] = numbers(line);
  // The tools show two decimals, and FreeIPMI cuts them.
  expect(Math.abs(theirReading - reading)).toBeLessThan(0.011);
  expect(Math.abs(theirThreshold - threshold)).toBeLessThan(0.011);
}

describe('events of sensors with data records, by name and in their units', () => {
  test('as the driver says them', () => {
    expect(entries.map(({ source, text, health }) => `${source}: ${text}; ${health}`)).toEqual([
      'CPU 1 Temp: Upper Critical going high asserted, reading 92 degrees C, threshold 90 degrees C; critical',
      'FAN 1: Lower Critical going low asserted, reading 1200 RPM, threshold 1350 RPM; critical',
      'P12V: Upper Non-critical going high deasserted, reading 12.6 V, threshold 12.348 V; ok',
      'N5V: Lower Critical going low asserted, reading -5.52 V, threshold -5.84 V; critical',
      'CPU 1 Margin: Upper Non-critical going high asserted, reading -8 degrees C, threshold -10 degrees C; warning',
    ]);
  });

  test.skipIf(!hasTool('ipmitool'))(`${toolVersion('ipmitool', '-V')} sel elist says the same`, async () => {
    const { address, port } = bmc.local;
    const login = ['-I', 'lanplus', '-H', address, '-p', `${port}`, '-U', 'admin', '-P', 'secret', '-C', '17'];
    const { output } = await runTool('ipmitool', [...login, 'sel', 'elist']);
    const lines = output.split('\n').filter((line) => line.includes('| Reading '));
    expect(lines).toHaveLength(crossings.length);
    for (const [index, line] of lines.entries()) expectAlike(line, entries[index]);
  });

  test.skipIf(!hasTool('ipmi-sel'))(`${toolVersion('ipmi-sel', '--version')} says the same`, async () => {
    const host = `${bmc.local.address}:${bmc.local.port}`;
    const login = ['-D', 'LAN_2_0', '-I', '17', '-h', host, '-u', 'admin', '-p', 'secret'];
    const { output } = await runTool('ipmi-sel', [...login, '-v', '--quiet-cache', `--sdr-cache-directory=${cache}`]);
    const lines = output.split('\n').filter((line) => line.includes('Sensor Reading'));
    expect(lines).toHaveLength(crossings.length);
    for (const [index, line] of lines.entries()) expectAlike(line, entries[index]);
  });
});
