import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SensorReading } from '../../../src/domain/hardware.ts';
import { createIpmiBmcs } from '../../../src/drivers/bmc/ipmi/ipmi-bmcs.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { runTool } from './tools.ts';

/** A line of a tool's table, by column. */
export type Row = readonly string[];

/** The sensors of a BMC on this machine with the user "admin" and the password "secret", as each client reads them. */
export type SensorReadings = AsyncDisposable & {
  /** A folder for this test, which goes with it. */
  readonly folder: string;
  /** By our own driver, by name. */
  own(port: number): Promise<ReadonlyMap<string, SensorReading>>;
  /** @param command such as `sdr elist` */
  ipmitool(port: number, suite: number, command: string): Promise<readonly Row[]>;
  /** ID, name, type, state, reading, units, event. */
  ipmiSensors(port: number, suite: number): Promise<readonly Row[]>;
};

const never = new AbortController().signal;
const cells = (line: string): Row => line.split('|').map((cell) => cell.trim());

export function createSensorReadings(): SensorReadings {
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-sensors-'));
  const deps = { udp: systemUdp, clock: systemClock, entropy: systemEntropy, log: silentLog, meter: createMeter() };
  const bmcs = createIpmiBmcs(deps);

  async function lines(tool: string, args: readonly string[]): Promise<readonly string[]> {
    const { exitCode, output } = await runTool(tool, args);
    if (exitCode !== 0) throw new Error(`${tool} ${args.join(' ')}: ${output}`);
    return output.split('\n');
  }

  return {
    folder,
    async own(port) {
      const target = { host: '127.0.0.1', port, user: 'admin', password: Secret.fromText('secret') };
      await using bmc = await bmcs.open(target, never);
      return new Map((await bmc.sensors(never)).map((reading) => [reading.name, reading]));
    },
    async ipmitool(port, suite, command) {
      const host = ['-I', 'lanplus', '-H', '127.0.0.1', '-p', String(port), '-C', String(suite)];
      return (await lines('ipmitool', [...host, '-U', 'admin', '-P', 'secret', ...command.split(' ')])).map(cells);
    },
    async ipmiSensors(port, suite) {
      const host = ['-D', 'LAN_2_0', '-h', `127.0.0.1:${port}`, '-I', String(suite), '-u', 'admin', '-p', 'secret'];
      // A cache of its own: the tool's usual one is keyed by the address, which other tests use, too.
      const cache = `--sdr-cache-directory=${mkdtempSync(join(folder, 'cache-'))}`;
      const printed = await lines('ipmi-sensors', [...host, '-Q', '--output-sensor-state', '--shared-sensors', cache]);
      return printed.filter((line) => /^\d+ /.test(line)).map(cells);
    },
    async [Symbol.asyncDispose]() {
      await bmcs[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
