import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SensorThresholds } from '../../../src/domain/hardware.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import { createSimulatedBmc, type SimulatedBmc } from '../../../src/simulator/bmc/simulated-bmc.ts';
import { type IpmiSim, startIpmiSim } from './ipmi-sim.ts';
import { createSensorReadings } from './sensor-readings.ts';
import { hasTool, toolVersion } from './tools.ts';

const readings = createSensorReadings();
afterAll(() => readings[Symbol.asyncDispose]());

const never = new AbortController().signal;

/** What ipmitool calls a unit that is named otherwise here. */
const ipmitoolUnits: Readonly<Record<string, string>> = { V: 'Volts', A: 'Amps', W: 'Watts', '%': 'percent' };
/** As ipmitool prints thresholds. */
const inOrder: readonly (keyof SensorThresholds)[] = [
  'lowerNonRecoverable',
  'lowerCritical',
  'lowerNonCritical',
  'upperNonCritical',
  'upperCritical',
  'upperNonRecoverable',
];
/** What FreeIPMI calls them. */
const freeIpmiUnits: Readonly<Record<string, string>> = { 'degrees C': 'C' };

/** Numbers as the tools print them: so many decimals at most. */
function expectClose(printed: string | undefined, value: number | null | undefined, decimals: number): void {
  expect(Number(printed)).toBeCloseTo(value ?? Number.NaN, decimals);
}

describe.skipIf(!hasTool('ipmitool') || !hasTool('ipmi-sensors'))(
  `sensors of the simulated BMC: the driver, ${toolVersion('ipmitool', '-V')}, ${toolVersion('ipmi-sensors', '--version')}`,
  () => {
    let simulated: SimulatedBmc;
    let port: number;

    beforeAll(async () => {
      const user = { name: 'admin', password: 'secret', privilege: 4 };
      simulated = await createSimulatedBmc(
        { udp: systemUdp, clock: systemClock, entropy: systemEntropy },
        { users: [user], address: '127.0.0.1', port: 0, chassis: createPlainChassis() },
        never,
      );
      port = simulated.local.port;
      simulated.sensors.setValue('CPU 1 Temp', 96);
      simulated.sensors.setValue('FAN 2', 750);
      simulated.sensors.setStates('PS2 Status', [0, 1]);
      simulated.sensors.setAvailability('VBAT', 'reading-unavailable');
    });
    afterAll(() => simulated[Symbol.asyncDispose]());

    test('ipmitool sdr elist: every value and state', async () => {
      const own = await readings.own(port);
      const rows = await readings.ipmitool(port, 17, 'sdr elist');
      // A shared record is one line there, with the name that the sensors share.
      const names = [...own.keys()]
        .filter((name) => name !== 'Fan Presence 2')
        .map((name) => name.replace(' Presence 1', ' Presence'));
      expect(rows.map(([name]) => name)).toEqual(names);
      for (const [name = '', number, status, entity, text = ''] of rows) {
        const reading = own.get(name) ?? own.get(`${name} 1`);
        expect(number).toBe(`${reading?.number.toString(16).toUpperCase().padStart(2, '0')}h`);
        expect(entity).toMatch(/^\d+\.1$|^\d+\.2$/);
        if (reading?.value != null) {
          const [, printed, unit] = /^(-?[\d.]+) (.+)$/.exec(text) ?? [];
          expectClose(printed, reading.value, 1);
          // It has room for 16 characters.
          expect(ipmitoolUnits[reading.unit ?? ''] ?? reading.unit).toContain(unit?.trim());
          expect(status).toBe(
            { ok: 'ok', critical: name === 'FAN 2' ? 'lnc' : 'ucr', warning: 'lnc' }[String(reading.health)],
          );
        } else if (reading?.unavailable != null) {
          expect([status, text]).toEqual(['ns', 'No Reading']);
        } else {
          expect(text === '' ? 0 : text.split(',').length).toBe(reading?.states.length);
        }
      }
    });

    test('ipmitool sensor list: every threshold', async () => {
      const own = await readings.own(port);
      const rows = (await readings.ipmitool(port, 17, 'sensor list')).filter(([, , unit]) => unit !== 'discrete');
      expect(rows.length).toBeGreaterThan(12);
      for (const [name = '', value, , , ...thresholds] of rows) {
        const reading = own.get(name);
        if (reading?.unavailable === null) expectClose(value, reading.value, 3);
        // It turns every threshold of a non-linear sensor into units by the factors of the reading (§36.3 has others).
        if (name === 'VRM Thermistor' || reading?.unavailable !== null) continue;
        for (const [index, key] of inOrder.entries()) {
          const own = reading.thresholds?.[key] ?? null;
          if (own === null) expect(thresholds[index]).toBe('na');
          else expectClose(thresholds[index], own, 3);
        }
      }
    });

    test('ipmitool sdr type: sensors by the name of their type', async () => {
      const own = [...(await readings.own(port)).values()];
      for (const type of ['Temperature', 'Fan', 'Voltage', 'Power Supply']) {
        const rows = await readings.ipmitool(port, 3, `sdr type ${type === 'Power Supply' ? '0x08' : type}`);
        const numbers = new Set(own.filter((each) => each.type === type).map(({ number }) => number));
        numbers.delete(0x13);
        expect(new Set(rows.map(([, number = '']) => Number.parseInt(number, 16)))).toEqual(numbers);
      }
    });

    test('ipmitool in small bites: the records that it reads are whole', async () => {
      const { size } = simulated.sensors.records();
      expect((await readings.ipmitool(port, 17, 'sdr elist all')).length).toBe(size - 1);
      expect(simulated.requests.get('Get SDR') ?? 0).toBeGreaterThan(size);
    });

    test('ipmi-sensors: value, unit, type and health, shared sensors one by one', async () => {
      const own = await readings.own(port);
      const rows = await readings.ipmiSensors(port, 17);
      expect(rows).toHaveLength(own.size);
      // A non-critical limit is nominal there, unless configured otherwise.
      const states: Readonly<Record<string, string>> = { ok: 'Nominal', warning: 'Nominal', critical: 'Critical' };
      for (const [index, reading] of [...own.values()].entries()) {
        const [, name, type, state, value, unit, event] = rows[index] ?? [];
        expect(reading.name.startsWith(name?.replace(/ ?\(?\d*\)?$/, '') ?? '?')).toBe(true);
        expect(type?.toLowerCase()).toBe(reading.type.replace('-based', ' Based').toLowerCase());
        if (reading.unavailable !== null) {
          expect([state, value]).toEqual(['N/A', 'N/A']);
          continue;
        }
        expect([reading.name, state]).toEqual([reading.name, states[reading.health]]);
        expect(event === "'OK'" ? 0 : event?.split("' '").length).toBe(
          // It calls only the worst limit crossed.
          reading.kind === 'threshold' ? Math.min(1, reading.states.length) : reading.states.length,
        );
        // It does not ask for factors, and shows no value of a non-linear sensor.
        if (reading.value === null || reading.name === 'VRM Thermistor') continue;
        expectClose(value, reading.value, 2);
        expect(unit).toBe(freeIpmiUnits[reading.unit ?? ''] ?? reading.unit);
      }
    });
  },
);

describe.skipIf(!hasTool('ipmi_sim') || !hasTool('sdrcomp') || !hasTool('ipmitool'))(
  `sensors of ${toolVersion('ipmi_sim', '--version')}: the driver and ${toolVersion('ipmitool', '-V')}`,
  () => {
    let sim: IpmiSim;

    beforeAll(async () => {
      sim = await startSensors();
      await readings.own(sim.port);
    }, 30_000);
    afterAll(() => sim[Symbol.dispose]());

    test('the same names, values, limits and states', async () => {
      const own = await readings.own(sim.port);
      expect([...own.values()]).toMatchObject([
        {
          name: 'MB Temp',
          number: 1,
          value: 42,
          unit: 'degrees C',
          type: 'Temperature',
          health: 'ok',
          unavailable: null,
        },
        { name: 'Inlet', number: 2, value: -10, unit: 'degrees C', health: 'critical' },
        { name: 'P12V', number: 3, value: 11.97, unit: 'V', type: 'Voltage' },
      ]);
      const rows = await readings.ipmitool(sim.port, 3, 'sensor list');
      // sdrcomp writes "P12V" in 6-bit ASCII, which ipmitool prints as the bytes that it is.
      expect(rows.map(([name]) => name).slice(0, 2)).toEqual([...own.keys()].slice(0, 2));
      expect(rows).toHaveLength(own.size);
      for (const [index, reading] of [...own.values()].entries()) {
        const [, value, unit, status, lnr, lc, lnc, unc, uc, unr] = rows[index] ?? [];
        expectClose(value, reading.value, 3);
        expect(unit).toBe(ipmitoolUnits[reading.unit ?? ''] ?? reading.unit);
        expect(status).toBe(reading.health === 'critical' ? 'cr' : 'ok');
        const printed = [lnr, lc, lnc, unc, uc, unr].map((each) => (each === 'na' ? null : Number(each)));
        expect(printed).toEqual(inOrder.map((key) => reading.thresholds?.[key]));
      }
    });
  },
);

/** Three sensors: plain, signed and below its limit, and one with factors. */
function startSensors(): Promise<IpmiSim> {
  const events = 'enable scanning per-state 000111111000000 000111111000000 000111111000000 000111111000000';
  return startIpmiSim({
    writeSdrs(state) {
      const text = [
        sensorSdr(1, 'MB Temp', {}),
        sensorSdr(2, 'Inlet', { format: '2s_complement' }),
        sensorSdr(3, 'P12V', { type: 'Voltage', unit: 'Volts', m: 63, exponent: -3 }),
      ].join('');
      writeFileSync(join(state, 'bmc.sdrs'), text);
      execFileSync('sdrcomp', ['-o', join(state, 'sdr.20.main'), join(state, 'bmc.sdrs')], {
        env: { PATH: '/usr/bin:/usr/sbin' },
      });
    },
    emulation: () => [
      'sensor_add 0x20 0 1 0x01 0x01',
      'sensor_set_value 0x20 0 1 42 0',
      'sensor_set_threshold 0x20 0 1 settable 111000 0x64 0x5a 0x50 00 00 00',
      `sensor_set_event_support 0x20 0 1 ${events}`,
      'sensor_add 0x20 0 2 0x01 0x01',
      'sensor_set_threshold 0x20 0 2 settable 010010 00 0x28 00 00 0xfb 00',
      `sensor_set_event_support 0x20 0 2 ${events}`,
      'sensor_set_value 0x20 0 2 0xf6 0',
      'sensor_add 0x20 0 3 0x02 0x01',
      'sensor_set_value 0x20 0 3 190 0',
      'sensor_set_threshold 0x20 0 3 settable 011011 00 0xd2 0xce 0xae 0xaa 00',
      `sensor_set_event_support 0x20 0 3 ${events}`,
    ],
  });
}

function sensorSdr(
  number: number,
  name: string,
  of: {
    readonly format?: string;
    readonly type?: string;
    readonly unit?: string;
    readonly m?: number;
    readonly exponent?: number;
  },
): string {
  return `sdr type 1
	sensor_owner_id		0x20
	sensor_owner_lun	0
	channel_number		0
	sensor_number		${number}
	entity_id		system_board
	entity_instance		1
	sensor_type		${of.type ?? 'Temperature'}
	init_scanning		true
	init_sensor_type	true
	default_sensor_scan_on	true
	event_reading_type_code	1
	sensor_threshold_access	readable
	analog_data_format	${of.format ?? 'unsigned'}
	rate_unit		none
	modifier_unit		none
	percentage		false
	base_unit		${of.unit ?? 'degrees_C'}
	modifier_unit_code	unspecified
	linearization		linear
	m			${of.m ?? 1}
	tolerance		0
	b			0
	accuracy		1
	accuracy_exp		0
	sensor_direction	input
	r_exp			${of.exponent ?? 0}
	b_exp			0
	sensor_maximum		255
	sensor_minimum		0
	id_string		"${name}"
endsdr
`;
}
