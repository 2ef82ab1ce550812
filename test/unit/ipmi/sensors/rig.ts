import type { SensorReading } from '../../../../src/domain/hardware.ts';
import { readSensors } from '../../../../src/drivers/bmc/ipmi/sensors/read-sensors.ts';
import { createSdrCache, type SdrCache } from '../../../../src/drivers/bmc/ipmi/sensors/sdr-cache.ts';
import type { GetDeviceIdResponse } from '../../../../src/protocols/ipmi/commands/application/get-device-id.ts';
import { createSensorBank, type SensorBank } from '../../../../src/simulator/bmc/sensors/sensor-bank.ts';
import type { SensorDefinition } from '../../../../src/simulator/bmc/sensors/sensor-model.ts';
import { createDirectRequester, type DirectRequester } from '../../../support/direct-requester.ts';

export const never = new AbortController().signal;

export const device: GetDeviceIdResponse = {
  deviceId: 0x20,
  deviceRevision: 1,
  providesDeviceSdrs: false,
  updateInProgress: false,
  firmwareMajor: 1,
  firmwareMinor: 0x07,
  ipmiVersion: 0x02,
  additionalDeviceSupport: 0x8f,
  manufacturerId: 0,
  productId: 0x0b00,
};

/** A simulated controller with sensors, and a requester that asks it. */
export type SensorRig = {
  readonly bank: SensorBank;
  readonly requester: DirectRequester;
  readonly cache: SdrCache;
  read(): Promise<readonly SensorReading[]>;
  /** Reads all and gives one. */
  sensor(name: string): Promise<SensorReading>;
};

export function createSensorRig(
  options: {
    readonly sensors?: readonly SensorDefinition[];
    readonly maximumChunk?: number;
    readonly device?: Partial<GetDeviceIdResponse>;
  } = {},
): SensorRig {
  const { sensors, maximumChunk } = options;
  const bank = createSensorBank({ ...(sensors && { sensors }), ...(maximumChunk && { maximumChunk }) });
  const requester = createDirectRequester({ sensors: bank, device: { ...device, ...options.device } });
  const cache = createSdrCache();
  const read = () => readSensors(requester, cache, never);
  return {
    bank,
    requester,
    cache,
    read,
    async sensor(name) {
      const found = (await read()).find((each) => each.name === name);
      if (found === undefined) throw new Error(`no sensor "${name}"`);
      return found;
    },
  };
}
