import { describe, expect, test } from 'vitest';
import { UnreachableError } from '../../../../src/foundation/errors.ts';
import { getSensorReading } from '../../../../src/protocols/ipmi/commands/sensor/get-sensor-reading.ts';
import { getSensorThresholds } from '../../../../src/protocols/ipmi/commands/sensor/get-sensor-thresholds.ts';
import { CompletionCode } from '../../../../src/protocols/ipmi/completion-code.ts';
import type { IpmiRequest } from '../../../../src/protocols/ipmi/message.ts';
import { ThresholdAccess } from '../../../../src/protocols/ipmi/sdr/sensor-common.ts';
import { analogSensor } from '../../../../src/simulator/bmc/sensors/analog-sensor.ts';
import { discreteSensor } from '../../../../src/simulator/bmc/sensors/discrete-sensor.ts';
import { answered, type DirectAnswer, refused } from '../../../support/direct-requester.ts';
import { createSensorRig, type SensorRig } from './rig.ts';

const CPU_1 = 0x02;
const PS_1 = 0x40;

/** A rig whose controller answers so when it is asked for the reading of this sensor. */
function readingAs(sensor: number, answer: DirectAnswer | 'silent', rig: SensorRig = createSensorRig()): SensorRig {
  const isIt = ({ netFn, command, data }: IpmiRequest): boolean =>
    netFn === getSensorReading.netFn && command === getSensorReading.command && data[0] === sensor;
  rig.requester.intercept((request, pass) => (isIt(request) ? answer : pass()));
  return rig;
}

const cpu = analogSensor({
  name: 'CPU',
  number: 1,
  type: 1,
  unit: 1,
  entity: [3, 1],
  thresholds: { upperNonCritical: 85, upperCritical: 95 },
  value: 60,
});

describe('one sensor that cannot be read does not spoil the list', () => {
  test.each([
    // Dell PowerEdge 2950, Sun V20z, Dell 2650, HP DL145 G2, Sun X4450, Sun X6250, Sun 6000 M2; FreeIPMI's list of defects.
    [CompletionCode.notPresent, 'no such sensor (CBh)'],
    [CompletionCode.illegalForSensorOrRecord, 'CDh command illegal for this sensor or record type'],
    [CompletionCode.parameterOutOfRange, 'C9h parameter out of range'],
    [CompletionCode.responseUnavailable, 'CEh response could not be provided'],
    [CompletionCode.notInPresentState, 'D5h not supported in the present state'],
    [CompletionCode.unspecified, 'FFh unspecified error'],
    [CompletionCode.destinationUnavailable, 'D3h destination unavailable'],
    [CompletionCode.nodeBusy, 'C0h node busy'],
  ])('refused with %i', async (code, unavailable) => {
    const { read } = readingAs(CPU_1, refused(code));
    const readings = await read();
    expect(readings.find(({ number }) => number === CPU_1)).toMatchObject({
      name: 'CPU 1 Temp',
      kind: 'threshold',
      value: null,
      unit: 'degrees C',
      states: [],
      health: 'unknown',
      unavailable,
    });
    expect(readings.filter((each) => each.unavailable === null)).toHaveLength(readings.length - 1);
  });

  test.each([
    [[], 'answer cut short'],
    [[0x30], 'answer cut short'],
    [[0x30, 0x80, 0xc0], 'scanning disabled'],
    [[0x30, 0xe0, 0xc0], 'reading unavailable'],
  ])('answered with %j: %s', async (bytes, unavailable) => {
    expect(await readingAs(CPU_1, answered(bytes)).sensor('CPU 1 Temp')).toMatchObject({
      value: null,
      states: [],
      health: 'unknown',
      unavailable,
    });
  });

  test('a controller that says nothing more ends it', async () => {
    await expect(readingAs(CPU_1, 'silent').read()).rejects.toBeInstanceOf(UnreachableError);
  });

  test('scanning disabled and a plausible reading: Dell PowerEdge 2950 and R610; the bit is believed', async () => {
    const { bank, sensor } = createSensorRig();
    bank.setAvailability('FAN 1', 'scanning-disabled');
    expect(await sensor('FAN 1')).toMatchObject({ value: null, unavailable: 'scanning disabled' });
    bank.setAvailability('FAN 1', 'available');
    expect(await sensor('FAN 1')).toMatchObject({ value: 8_400, unavailable: null });
  });
});

describe('readings that do not keep to the book', () => {
  test('no comparison byte: the value is compared here (Dell PowerEdge 2950)', async () => {
    expect(await readingAs(CPU_1, answered([96, 0xc0])).sensor('CPU 1 Temp')).toMatchObject({
      value: 96,
      states: ['At or Above Upper Non-critical', 'At or Above Upper Critical'],
      health: 'critical',
    });
    expect(await readingAs(CPU_1, answered([40, 0xc0])).sensor('CPU 1 Temp')).toMatchObject({ health: 'ok' });
  });

  test('no state bytes of a discrete sensor: nothing is known', async () => {
    expect(await readingAs(PS_1, answered([0, 0xc0])).sensor('PS1 Status')).toMatchObject({
      states: [],
      health: 'unknown',
      unavailable: null,
    });
  });

  test('states that the specification does not have: Supermicro H8SGL-F sets offsets 8 to 14 of a power supply', async () => {
    expect(await readingAs(PS_1, answered([0, 0xc0, 0x01, 0xff])).sensor('PS1 Status')).toMatchObject({
      states: ['Presence Detected'],
      health: 'ok',
    });
  });

  test('the reserved bit 7 of the second state byte is no state', async () => {
    expect(await readingAs(PS_1, answered([0, 0xc0, 0x00, 0x80])).sensor('PS1 Status')).toMatchObject({ states: [] });
  });

  test('reserved bits 7:6 of the comparison, and bits of limits that a sensor does not have, are no crossings', async () => {
    expect(await readingAs(CPU_1, answered([50, 0xc0, 0xc7])).sensor('CPU 1 Temp')).toMatchObject({
      states: [],
      health: 'ok',
    });
  });

  test('states of an OEM event type are told by number', async () => {
    const sensors = [
      discreteSensor({ name: 'X', number: 1, type: 0xc8, eventReadingType: 0x70, entity: [7, 1], states: [2, 9] }),
    ];
    expect(await createSensorRig({ sensors }).sensor('X')).toMatchObject({
      type: 'OEM C8h',
      states: ['state 2', 'state 9'],
      health: 'unknown',
    });
  });

  test('a discrete sensor with a value: HP ProLiant DL380 G7', async () => {
    const { body } = analogSensor({
      name: 'Power Meter',
      number: 1,
      type: 0x0b,
      unit: 6,
      entity: [7, 1],
      factors: [2, 0, 0, 0],
      value: 0,
    });
    const sensors = [{ body: { ...body, eventReadingType: 0x03 }, value: 180, states: [0] }];
    expect(await createSensorRig({ sensors }).sensor('Power Meter')).toMatchObject({
      kind: 'discrete',
      value: 180,
      unit: 'W',
      states: ['State Deasserted'],
      thresholds: null,
    });
  });

  test('a discrete sensor with a full record and no unit has no value, whatever its format', async () => {
    const { body } = analogSensor({ name: 'X', number: 1, type: 8, unit: 0, entity: [7, 1], value: 0 });
    const sensors = [{ body: { ...body, eventReadingType: 0x6f }, value: 1, states: [0] }];
    expect(await createSensorRig({ sensors }).sensor('X')).toMatchObject({ value: null, unit: null });
  });

  test('a threshold sensor with a compact record has states and no value', async () => {
    const sensors = [discreteSensor({ name: 'X', number: 1, type: 1, eventReadingType: 0x01, entity: [7, 1] })];
    const rig = readingAs(1, answered([0, 0xc0, 0xd0]), createSensorRig({ sensors }));
    expect(await rig.sensor('X')).toMatchObject({
      kind: 'threshold',
      value: null,
      states: ['At or Above Upper Critical'],
      health: 'critical',
      unavailable: null,
    });
  });

  test('a raw reading without a value says so', async () => {
    const { body } = analogSensor({
      name: 'X',
      number: 1,
      type: 1,
      unit: 1,
      entity: [7, 1],
      linearization: 7,
      value: 1,
    });
    const rig = readingAs(1, answered([0, 0xc0, 0xc0]), createSensorRig({ sensors: [{ body }] }));
    expect(await rig.sensor('X')).toMatchObject({ value: null, unavailable: 'no value for raw reading 0' });
  });

  test('sensors of another controller (HP DL140 G1, Fujitsu RX300) are told, and not asked for', async () => {
    const { body } = cpu;
    const rig = createSensorRig({ sensors: [{ body: { ...body, key: { ...body.key, owner: 0x2c } }, value: 60 }] });
    expect(await rig.sensor('CPU')).toMatchObject({
      owner: 0x2c,
      value: null,
      unavailable: 'behind another controller',
    });
    expect(rig.requester.count(getSensorReading)).toBe(0);
  });
});

describe('thresholds', () => {
  const withAccess = (access: number) => [
    { ...cpu, body: { ...cpu.body, capabilities: (cpu.body.capabilities & ~0x0c) | (access << 2) } },
  ];

  test('none', async () => {
    const rig = createSensorRig({ sensors: withAccess(ThresholdAccess.none) });
    expect((await rig.sensor('CPU')).thresholds).toMatchObject({ upperNonCritical: null, upperCritical: null });
    expect(rig.requester.count(getSensorThresholds)).toBe(0);
  });

  test('fixed ones are those of the record', async () => {
    const rig = createSensorRig({ sensors: withAccess(ThresholdAccess.fixed) });
    expect((await rig.sensor('CPU')).thresholds).toMatchObject({
      lowerCritical: null,
      upperNonCritical: 85,
      upperCritical: 95,
    });
    expect(rig.requester.count(getSensorThresholds)).toBe(0);
  });

  test.each([
    [CompletionCode.illegalForSensorOrRecord, 1],
    // What may be otherwise next time is asked for again.
    [CompletionCode.timeout, 2],
  ])('refused with %i: none, asked for %i times in two listings', async (code, times) => {
    const rig = createSensorRig({ sensors: withAccess(ThresholdAccess.readableAndSettable) });
    rig.requester.intercept((request, pass) =>
      request.command === getSensorThresholds.command ? refused(code) : pass(),
    );
    expect(await rig.sensor('CPU')).toMatchObject({ value: 60, thresholds: { upperCritical: null } });
    await rig.read();
    expect(rig.requester.count(getSensorThresholds)).toBe(times);
  });
});
