import { describe, expect, test } from 'vitest';
import { NotFoundError } from '../../../../src/foundation/errors.ts';
import { getDeviceSdrInfo } from '../../../../src/protocols/ipmi/commands/sensor/get-device-sdr-info.ts';
import { getSensorReading } from '../../../../src/protocols/ipmi/commands/sensor/get-sensor-reading.ts';
import { getSensorReadingFactors } from '../../../../src/protocols/ipmi/commands/sensor/get-sensor-reading-factors.ts';
import { getSensorThresholds } from '../../../../src/protocols/ipmi/commands/sensor/get-sensor-thresholds.ts';
import { type GetSdrRequest, getSdr } from '../../../../src/protocols/ipmi/commands/storage/get-sdr.ts';
import { getSdrRepositoryInfo } from '../../../../src/protocols/ipmi/commands/storage/get-sdr-repository-info.ts';
import { reserveSdrRepository } from '../../../../src/protocols/ipmi/commands/storage/reserve-sdr-repository.ts';
import { createSensorBank } from '../../../../src/simulator/bmc/sensors/sensor-bank.ts';
import { createDirectRequester } from '../../../support/direct-requester.ts';
import { createSensorRig, device, never } from './rig.ts';

const whole: GetSdrRequest = { reservationId: 0, recordId: 0, offset: 0, bytesToRead: 0xff };

describe('sensor data records of the simulated BMC', () => {
  test('the repository tells how many there are, and the list has so many', async () => {
    const { requester } = createSensorRig();
    const info = await requester.ask(getSdrRepositoryInfo, undefined, never);
    expect(info).toMatchObject({ sdrVersion: 0x51, operationSupport: 0x22 });
    let count = 0;
    for (let recordId = 0; recordId !== 0xffff; count++) {
      recordId = (await requester.ask(getSdr, { ...whole, recordId }, never)).nextRecordId;
    }
    expect(count).toBe(info.recordCount);
  });

  test('FFFFh is the last record, which names FFFFh as the next', async () => {
    const { requester, bank } = createSensorRig();
    const last = await requester.ask(getSdr, { ...whole, recordId: 0xffff }, never);
    expect(last.nextRecordId).toBe(0xffff);
    expect(last.data.readUInt16LE(0)).toBe(bank.records().size);
  });

  test('a part that does not begin at 0 needs the last reservation', async () => {
    const { requester } = createSensorRig();
    const part = { ...whole, recordId: 3, offset: 5, bytesToRead: 10 };
    const ask = (reservationId: number) => requester.attempt(getSdr, { ...part, reservationId }, never);
    const invalid = { kind: 'refused', completionCode: 0xc5 };
    expect(await ask(0)).toEqual(invalid);
    const first = await requester.ask(reserveSdrRepository, undefined, never);
    expect(await ask(first.reservationId)).toMatchObject({ kind: 'answered' });
    const second = await requester.ask(reserveSdrRepository, undefined, never);
    expect(second.reservationId).not.toBe(first.reservationId);
    expect(await ask(first.reservationId)).toEqual(invalid);
    expect(await ask(second.reservationId)).toMatchObject({ kind: 'answered' });
  });

  test('parts are parts of the whole, and end with it', async () => {
    const { requester } = createSensorRig();
    const { reservationId } = await requester.ask(reserveSdrRepository, undefined, never);
    const { data } = await requester.ask(getSdr, { ...whole, recordId: 4 }, never);
    const part = async (offset: number, bytesToRead: number) =>
      (await requester.ask(getSdr, { reservationId, recordId: 4, offset, bytesToRead }, never)).data;
    expect(await part(7, 20)).toEqual(data.subarray(7, 27));
    expect(await part(data.length - 3, 100)).toEqual(data.subarray(-3));
    expect(await part(data.length, 1)).toHaveLength(0);
    expect(
      await requester.attempt(getSdr, { reservationId, recordId: 4, offset: data.length + 1, bytesToRead: 1 }, never),
    ).toEqual({ kind: 'refused', completionCode: 0xc9 });
  });

  test('more than it can send at once is refused with CAh, an unknown record with CBh', async () => {
    const { requester } = createSensorRig({ maximumChunk: 16 });
    const ask = (request: Partial<GetSdrRequest>) => requester.attempt(getSdr, { ...whole, ...request }, never);
    expect(await ask({})).toEqual({ kind: 'refused', completionCode: 0xca });
    expect(await ask({ bytesToRead: 17 })).toEqual({ kind: 'refused', completionCode: 0xca });
    expect(await ask({ bytesToRead: 16 })).toMatchObject({ kind: 'answered' });
    expect(await ask({ recordId: 999 })).toEqual({ kind: 'refused', completionCode: 0xcb });
  });

  test('no repository, and device records, each where the controller says so', async () => {
    const without = createSensorRig({ device: { additionalDeviceSupport: 0x81 } }).requester;
    const unknown = { kind: 'refused', completionCode: 0xc1 };
    expect(await without.attempt(getSdrRepositoryInfo, undefined, never)).toEqual(unknown);
    expect(await without.attempt(getDeviceSdrInfo, { count: 'records' }, never)).toEqual(unknown);
    const { requester, bank } = createSensorRig({ device: { providesDeviceSdrs: true } });
    expect(await requester.ask(getDeviceSdrInfo, { count: 'records' }, never)).toEqual({
      count: bank.records().size,
      dynamic: false,
      lunsWithSensors: 1,
    });
    const sensors = await requester.ask(getDeviceSdrInfo, { count: 'sensors' }, never);
    expect(sensors.count).toBe(bank.names().length);
    expect(await requester.ask(getDeviceSdrInfo, { count: 'sensors' }, never, { lun: 1 })).toMatchObject({ count: 0 });
  });
});

describe('sensors of the simulated BMC', () => {
  test('readings follow what is set, as close as eight bits come', async () => {
    const { requester, bank } = createSensorRig();
    const reading = async () => (await requester.ask(getSensorReading, { sensorNumber: 0x20 }, never)).reading;
    expect(await reading()).toBe(190);
    bank.setValue('P12V', 12.3);
    expect(await reading()).toBe(195);
    bank.setValue('P12V', 1_000);
    expect(await reading()).toBe(255);
  });

  test('there is no sensor of that name', () => {
    const bank = createSensorBank();
    expect(() => bank.setValue('P99V', 1)).toThrow(NotFoundError);
    expect(() => bank.setStates('P99V', [1])).toThrow('the simulated BMC has no sensor "P99V"');
  });

  test('one BMC does not see what is set on another', async () => {
    const one = createSensorRig();
    const other = createSensorRig();
    one.bank.setValue('CPU 1 Temp', 99);
    expect((await one.sensor('CPU 1 Temp')).value).toBe(99);
    expect((await other.sensor('CPU 1 Temp')).value).toBe(84);
    expect(one.bank.records()).toBe(other.bank.records());
  });

  test('no such sensor is CBh, no thresholds CDh', async () => {
    const { requester } = createSensorRig();
    const at = (sensorNumber: number) => ({ sensorNumber });
    expect(await requester.attempt(getSensorReading, at(0xee), never)).toEqual({
      kind: 'refused',
      completionCode: 0xcb,
    });
    expect(await requester.attempt(getSensorReading, at(0x20), never, { lun: 1 })).toMatchObject({ kind: 'refused' });
    expect(await requester.attempt(getSensorThresholds, at(0x40), never)).toEqual({
      kind: 'refused',
      completionCode: 0xcd,
    });
    expect(await requester.attempt(getSensorThresholds, at(0x04), never)).toMatchObject({ completionCode: 0xcd });
  });

  test('factors of a non-linear sensor depend on the reading', async () => {
    const { requester } = createSensorRig();
    const factors = (reading: number) => requester.ask(getSensorReadingFactors, { sensorNumber: 0x39, reading }, never);
    expect(await factors(50)).toMatchObject({ nextReading: 100, factors: { m: 1, b: 0 } });
    expect(await factors(150)).toMatchObject({ nextReading: 150, factors: { m: 5, b: 50, resultExponent: -1 } });
  });

  test('a session without the privilege is refused', async () => {
    const requester = createDirectRequester({ sensors: createSensorBank(), device }, 1);
    expect(await requester.attempt(getSensorReading, { sensorNumber: 1 }, never)).toEqual({
      kind: 'refused',
      completionCode: 0xd4,
    });
  });
});
