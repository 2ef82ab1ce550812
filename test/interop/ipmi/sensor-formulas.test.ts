import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { convertReading, Linearization } from '../../../src/protocols/ipmi/sdr/conversion.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import { analogSensor } from '../../../src/simulator/bmc/sensors/analog-sensor.ts';
import { createSensorBank } from '../../../src/simulator/bmc/sensors/sensor-bank.ts';
import { createSimulatedBmc } from '../../../src/simulator/bmc/simulated-bmc.ts';
import { createSensorReadings } from './sensor-readings.ts';
import { hasTool } from './tools.ts';

const readings = createSensorReadings();
afterAll(() => readings[Symbol.asyncDispose]());

const never = new AbortController().signal;

/** One sensor for each way to turn bytes into numbers: format, linearization, M, B, K1, K2. */
const formulas: readonly (readonly [number, number, number, number, number, number])[] = [
  // Powers of a small number.
  ...Array.from({ length: 12 }, (_, code) => [0, code, 3, 7, 0, code >= 4 && code <= 6 ? -2 : -1] as const),
  [1, 0, 1, 0, 0, 0],
  [2, 0, 1, 0, 0, 0],
  [2, 0, 511, -512, 2, -3],
  [0, 0, -512, 511, 1, -2],
  [0, 0, 17, -40, -1, 3],
  [2, 8, 5, 0, 0, -2],
  [1, 9, 5, 3, -2, -1],
];

describe.skipIf(!hasTool('ipmitool') || !hasTool('ipmi-sensors'))('every formula of §36.3', () => {
  test.each([0x04, 0x7f, 0x80, 0xe9])('a raw reading of %i is the same to all', async (raw) => {
    const sensors = formulas.map(([format, linearization, m, b, bExponent, resultExponent], index) => {
      const { body } = analogSensor({
        name: `S${index}`,
        number: index + 1,
        type: 0x0b,
        unit: 18,
        entity: [7, 1],
        format,
        linearization,
        factors: [m, b, bExponent, resultExponent],
        value: 0,
      });
      return { body, value: convertReading(raw, format, linearization, body.factors) ?? Number.NaN };
    });
    const user = { name: 'admin', password: 'secret', privilege: 4 };
    await using simulated = await createSimulatedBmc(
      { udp: systemUdp, clock: systemClock, entropy: systemEntropy },
      {
        users: [user],
        address: '127.0.0.1',
        port: 0,
        chassis: createPlainChassis(),
        sensors: createSensorBank({ sensors }),
      },
      never,
    );
    const { port } = simulated.local;
    const own = await readings.own(port);
    const byIpmitool = new Map(
      (await readings.ipmitool(port, 17, 'sensor list')).map(([name = '', value]) => [name, value]),
    );
    const byFreeIpmi = new Map((await readings.ipmiSensors(port, 17)).map(([, name = '', , , value]) => [name, value]));
    for (const [name, { value }] of own) {
      expect(value).not.toBeNull();
      // Three decimals are printed by the one, two by the other, which cuts off the rest.
      const tolerance = Math.abs(value ?? 0) * 1e-6;
      expect(Math.abs(Number(byIpmitool.get(name)) - (value ?? 0))).toBeLessThanOrEqual(0.000_51 + tolerance);
      // It takes cube⁻¹ for 1/x³, as OpenIPMI does; ipmitool and pyghmi for the cube root, as is done here.
      if (name === `S${Linearization.cubeRoot}`) continue;
      expect(Math.abs(Number(byFreeIpmi.get(name)) - (value ?? 0))).toBeLessThanOrEqual(0.010_1 + tolerance);
    }
  });
});
