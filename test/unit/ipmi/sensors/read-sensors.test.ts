import { describe, expect, test } from 'vitest';
import { eventSensors, fruLocators } from '../../../../src/drivers/bmc/ipmi/sensors/known-parts.ts';
import { loadSdrs } from '../../../../src/drivers/bmc/ipmi/sensors/sdr-cache.ts';
import { getDeviceSdr } from '../../../../src/protocols/ipmi/commands/sensor/get-device-sdr.ts';
import { getDeviceSdrInfo } from '../../../../src/protocols/ipmi/commands/sensor/get-device-sdr-info.ts';
import { getSensorReading } from '../../../../src/protocols/ipmi/commands/sensor/get-sensor-reading.ts';
import { getSensorThresholds } from '../../../../src/protocols/ipmi/commands/sensor/get-sensor-thresholds.ts';
import { getSdr } from '../../../../src/protocols/ipmi/commands/storage/get-sdr.ts';
import { CompletionCode, CompletionCodeError } from '../../../../src/protocols/ipmi/completion-code.ts';
import { TextCoding } from '../../../../src/protocols/ipmi/type-length.ts';
import { analogSensor } from '../../../../src/simulator/bmc/sensors/analog-sensor.ts';
import { discreteSensor } from '../../../../src/simulator/bmc/sensors/discrete-sensor.ts';
import { answered, refused } from '../../../support/direct-requester.ts';
import { createSensorRig, never } from './rig.ts';

describe('readings of a controller', () => {
  test('an analog sensor: value, unit, thresholds, health', async () => {
    const { sensor } = createSensorRig();
    expect(await sensor('P12V')).toEqual({
      name: 'P12V',
      number: 0x20,
      owner: 0x20,
      lun: 0,
      type: 'Voltage',
      entity: 'system board 1',
      kind: 'threshold',
      value: 11.97,
      unit: 'V',
      states: [],
      health: 'ok',
      thresholds: {
        lowerNonRecoverable: null,
        lowerCritical: 10.71,
        lowerNonCritical: 10.962,
        upperNonCritical: 12.978,
        upperCritical: 13.23,
        upperNonRecoverable: null,
      },
      unavailable: null,
    });
  });

  test.each([
    ['Inlet Temp', 23, 'degrees C'],
    ['CPU 1 Margin', -16, 'degrees C'],
    ['Cold Plate Delta', -3, 'degrees C'],
    ['FAN 1', 8_400, 'RPM'],
    ['P1V05', 1.051, 'V'],
    ['N5V', -5.04, 'V'],
    ['PS1 Input Power', 248, 'W'],
    ['PS1 Current', 1.08, 'A'],
    ['CPU Usage', 37, '%'],
    ['Airflow', 150, 'CFM'],
    ['VRM Thermistor', 71, 'degrees C'],
  ])('%s is %d %s', async (name, value, unit) => {
    expect(await createSensorRig().sensor(name)).toMatchObject({ value, unit, health: 'ok', unavailable: null });
  });

  test('a non-linear sensor has its own factors for each reading and threshold', async () => {
    const { bank, sensor } = createSensorRig();
    bank.setValue('VRM Thermistor', 110.5);
    expect(await sensor('VRM Thermistor')).toMatchObject({
      value: 110.5,
      thresholds: { upperNonCritical: 90, upperCritical: 120 },
      states: ['At or Above Upper Non-critical'],
      health: 'warning',
    });
  });

  test.each([
    [84, [], 'ok'],
    [85, ['At or Above Upper Non-critical'], 'warning'],
    [96, ['At or Above Upper Non-critical', 'At or Above Upper Critical'], 'critical'],
    [
      100,
      ['At or Above Upper Non-critical', 'At or Above Upper Critical', 'At or Above Upper Non-recoverable'],
      'non-recoverable',
    ],
  ])('a processor at %d degrees: %j, %s', async (value, states, health) => {
    const { bank, sensor } = createSensorRig();
    bank.setValue('CPU 1 Temp', value);
    expect(await sensor('CPU 1 Temp')).toMatchObject({ value, states, health });
  });

  test('a fan that stands still is beyond all its limits', async () => {
    const { bank, sensor } = createSensorRig();
    bank.setValue('FAN 2', 0);
    expect(await sensor('FAN 2')).toMatchObject({ value: 0, health: 'non-recoverable' });
  });

  test('a limit of a signed sensor is compared as a signed number', async () => {
    const { bank, sensor } = createSensorRig();
    bank.setValue('Inlet Temp', -8);
    expect(await sensor('Inlet Temp')).toMatchObject({
      value: -8,
      states: ['At or Below Lower Non-critical', 'At or Below Lower Critical'],
      health: 'critical',
    });
  });

  test('a discrete sensor: states and their health, no value and no thresholds', async () => {
    const { bank, sensor } = createSensorRig();
    expect(await sensor('PS1 Status')).toMatchObject({
      kind: 'discrete',
      value: null,
      unit: null,
      thresholds: null,
      states: ['Presence Detected'],
      health: 'ok',
      entity: 'power supply 1',
    });
    bank.setStates('PS1 Status', [0, 3]);
    expect(await sensor('PS1 Status')).toMatchObject({
      states: ['Presence Detected', 'Power Supply Input Lost'],
      health: 'critical',
    });
    bank.setStates('CPU 1 Status', [7, 10]);
    expect(await sensor('CPU 1 Status')).toMatchObject({
      states: ['Processor Presence Detected', 'Processor Automatically Throttled'],
      health: 'warning',
    });
    expect(await sensor('Watchdog')).toMatchObject({ states: [], health: 'ok' });
  });

  test('a shared record is each of its sensors', async () => {
    const { bank, read } = createSensorRig();
    bank.setStates('Fan Presence 2', [0]);
    expect((await read()).filter(({ name }) => name.startsWith('Fan Presence'))).toMatchObject([
      { name: 'Fan Presence 1', number: 0x12, entity: 'fan 1', states: ['Device Present'] },
      { name: 'Fan Presence 2', number: 0x13, entity: 'fan 2', states: ['Device Absent'] },
    ]);
  });

  test('shared names in letters go on after Z', async () => {
    const { body } = discreteSensor({ name: 'Slot ', number: 1, count: 3, type: 0x21, entity: [11, 1] });
    const sharing = { ...body.sharing, nameModifier: 1, nameModifierOffset: 25 };
    const { read } = createSensorRig({ sensors: [{ body: { ...body, sharing } }] });
    expect((await read()).map(({ name }) => name)).toEqual(['Slot Z', 'Slot AA', 'Slot AB']);
  });

  test('names in 6-bit ASCII, padded names, no name', async () => {
    const base = { type: 1, unit: 1, entity: [7, 1], value: 20 } as const;
    const { read } = createSensorRig({
      sensors: [
        analogSensor({ ...base, name: 'SYS TEMP', number: 1, coding: TextCoding.sixBit }),
        analogSensor({ ...base, name: ' Ambient  \0\0', number: 2 }),
        analogSensor({ ...base, name: '', number: 0x3c }),
      ],
    });
    expect((await read()).map(({ name }) => name)).toEqual(['SYS TEMP', 'Ambient', 'sensor 3Ch']);
  });

  test('a sensor behind another LUN is asked there', async () => {
    const base = { type: 1, unit: 1, entity: [7, 1] } as const;
    const { read } = createSensorRig({
      sensors: [
        analogSensor({ ...base, name: 'A', number: 1, value: 20 }),
        analogSensor({ ...base, name: 'B', number: 1, lun: 2, value: 30 }),
      ],
    });
    expect(await read()).toMatchObject([
      { name: 'A', lun: 0, value: 20 },
      { name: 'B', lun: 2, value: 30 },
    ]);
  });

  test('event-only sensors and those of system software cannot be read; the event log still knows their names', async () => {
    const rig = createSensorRig({
      sensors: [
        {
          body: {
            ...discreteSensor({ name: 'x', number: 1, type: 0x12, entity: [33, 1] }).body,
            key: { owner: 0x41, channel: 0, lun: 0, number: 1 },
          },
        },
      ],
    });
    expect(await rig.read()).toEqual([]);
    const names = (await createSensorRig().read()).map(({ name }) => name);
    expect(names).not.toContain('ACPI State');
    const { requester, cache } = createSensorRig();
    const { records } = await loadSdrs(requester, cache, never);
    const events = eventSensors(records);
    const sensor = { owner: 0x20, lun: 0, sensorType: 0 };
    expect(events.name({ ...sensor, number: 0x80 })).toBe('ACPI State');
    expect(events.name({ ...sensor, number: 0x13 })).toBe('Fan Presence 2');
    expect(events.name({ ...sensor, number: 0x99 })).toBeUndefined();
    expect(events.name({ ...sensor, number: 0x80, owner: 0x2c })).toBeUndefined();
    expect(events.convert({ ...sensor, number: 0x20 }, 200)).toEqual({ value: 12.6, unit: 'V' });
    expect(events.convert({ ...sensor, number: 0x39 }, 200)).toBeUndefined();
    expect(events.convert({ ...sensor, number: 0x40 }, 200)).toBeUndefined();
    expect(fruLocators(records)).toEqual([{ id: 0, name: 'Mainboard' }]);
  });
});

describe('the cache of the records', () => {
  test('a second listing asks for readings only', async () => {
    const { requester, read } = createSensorRig();
    const first = await read();
    const records = requester.count(getSdr);
    const thresholds = requester.count(getSensorThresholds);
    const before = requester.requests.length;
    expect(await read()).toEqual(first);
    expect(requester.count(getSdr)).toBe(records);
    expect(requester.count(getSensorThresholds)).toBe(thresholds);
    expect(requester.count(getSensorReading)).toBe(2 * first.length);
    // Get Device ID and Get SDR Repository Info besides the readings.
    expect(requester.requests.length - before).toBe(first.length + 2);
  });

  test("calls at the same time read the records once, and do not end each other's reservations", async () => {
    const alone = createSensorRig({ maximumChunk: 16 });
    const all = await alone.read();
    const { requester, cache, read } = createSensorRig({ maximumChunk: 16 });
    const [first, second, third] = await Promise.all([read(), read(), loadSdrs(requester, cache, never)]);
    expect(first).toEqual(all);
    expect(second).toEqual(all);
    expect(third.sensors).toHaveLength(all.length);
    expect(requester.count(getSdr)).toBe(alone.requester.count(getSdr));
  });

  test('a call that is cancelled lets the next one read', async () => {
    const { requester, cache, read } = createSensorRig();
    const stop = new AbortController();
    const cancelled = loadSdrs(requester, cache, stop.signal);
    const other = read();
    stop.abort(new Error('enough'));
    await expect(cancelled).rejects.toThrow('enough');
    expect((await other).length).toBeGreaterThan(20);
  });

  test('a change of the repository is seen', async () => {
    const { requester, read } = createSensorRig();
    await read();
    const records = requester.count(getSdr);
    requester.intercept((request, pass) => {
      const answer = pass();
      // The time of the most recent addition.
      if (request.netFn === 0x0a && request.command === 0x20) answer.data.writeUInt32LE(1_800_000_000, 5);
      return answer;
    });
    await read();
    expect(requester.count(getSdr)).toBe(2 * records);
  });

  test('another firmware may have other sensors', async () => {
    const { requester, read } = createSensorRig();
    await read();
    const records = requester.count(getSdr);
    requester.intercept((request, pass) => {
      const answer = pass();
      if (request.netFn === 0x06 && request.command === 0x01) answer.data.writeUInt8(0x08, 3);
      return answer;
    });
    await read();
    expect(requester.count(getSdr)).toBe(2 * records);
  });

  test('thresholds are asked for again when the comparison with them changes', async () => {
    const { bank, requester, read } = createSensorRig();
    await read();
    const thresholds = requester.count(getSensorThresholds);
    bank.setValue('CPU 2 Temp', 96);
    await read();
    expect(requester.count(getSensorThresholds)).toBe(thresholds + 1);
  });

  test('nothing but reading goes to the controller', async () => {
    const { requester, read } = createSensorRig({ maximumChunk: 16 });
    await read();
    const asked = new Set(
      requester.requests.map(({ netFn, command }) => `${netFn.toString(16)}/${command.toString(16)}`),
    );
    expect([...asked].sort()).toEqual(['4/23', '4/27', '4/2d', '6/1', 'a/20', 'a/22', 'a/23']);
  });

  test('an empty repository stays empty', async () => {
    const { requester, read } = createSensorRig({ sensors: [] });
    expect(await read()).toEqual([]);
    expect(requester.requests.map(({ command }) => command)).toEqual([0x01, 0x20, 0x23]);
  });
});

describe('records that the controller keeps itself', () => {
  test('are read where there is no repository', async () => {
    const { requester, read } = createSensorRig({
      device: { providesDeviceSdrs: true, additionalDeviceSupport: 0x81 },
    });
    const all = await createSensorRig().read();
    expect(await read()).toEqual(all);
    expect(requester.count(getSdr)).toBe(0);
    const asked = requester.count(getDeviceSdr);
    await read();
    expect(requester.count(getDeviceSdr)).toBe(asked);
  });

  test.each(['empty', 'unknown'])('are read where the repository is %s', async (repository) => {
    const { requester, read } = createSensorRig({ device: { providesDeviceSdrs: true } });
    requester.intercept((request, pass) => {
      if (request.netFn !== getSdr.netFn) return pass();
      if (repository === 'unknown') return refused(CompletionCode.invalidCommand);
      const answer = pass();
      answer.data.writeUInt16LE(0, 1);
      return answer;
    });
    expect(await read()).toEqual(await createSensorRig().read());
    expect(requester.count(getSdr)).toBe(0);
  });

  test.each([
    ['static', [0x1d, 0x01], [0x1d, 0x01], 'kept'],
    ['dynamic, the same population', [0x1d, 0x81, 1, 0, 0, 0], [0x1d, 0x81, 1, 0, 0, 0], 'kept'],
    ['dynamic, another population', [0x1d, 0x81, 1, 0, 0, 0], [0x1d, 0x81, 2, 0, 0, 0], 'read'],
    ['dynamic, not told', [0x1d, 0x81], [0x1d, 0x81], 'read'],
  ])('are kept or read again: %s', async (_what, first, second, then) => {
    const { requester, read } = createSensorRig({ device: { providesDeviceSdrs: true, additionalDeviceSupport: 1 } });
    let info = first;
    const { netFn, command } = getDeviceSdrInfo;
    requester.intercept((request, pass) =>
      request.netFn === netFn && request.command === command ? answered(info) : pass(),
    );
    await read();
    const asked = requester.count(getDeviceSdr);
    info = second;
    await read();
    expect(requester.count(getDeviceSdr)).toBe(then === 'kept' ? asked : 2 * asked);
  });

  test('a controller without any records says so', async () => {
    const { read } = createSensorRig({ device: { additionalDeviceSupport: 0x80 } });
    await expect(read()).rejects.toBeInstanceOf(CompletionCodeError);
    await expect(read()).rejects.toThrow('Get SDR of record 0 on BMC 192.0.2.7:623: refused with C1h invalid command');
  });
});
