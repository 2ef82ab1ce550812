import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  bootOverrideSchema,
  chassisSchema,
  eventLogSchema,
  inventorySchema,
  sensorsSchema,
} from '../../../src/api/schema/hardware.ts';
import { createApiClient } from '../../support/api-client.ts';
import { type ServiceProcess, startService } from '../../support/service-process.ts';
import { createSimulatedSite, type SimulatedSite } from '../../support/simulated-site.ts';

// The whole way: a process, its IPMI client, and a controller that really does RMCP+.

let site: SimulatedSite;
let service: ServiceProcess;
let path: string;
beforeAll(async () => {
  site = await createSimulatedSite({});
  site.declare({});
  service = await startService({ configFile: site.configFile, environment: {} });
  path = `/machines/${site.names[0]}`;
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

async function call(method: string, what: string, body?: object) {
  const answer = await createApiClient(service.url, service.token ?? '').call(method, `${path}/${what}`, body);
  expect([what, answer.status]).toEqual([what, 200]);
  return answer.body;
}

it('reads what the controller has', async () => {
  expect(await call('GET', 'power')).toEqual({ power: 'off' });
  expect(chassisSchema.parse(await call('GET', 'chassis'))).toMatchObject({ power: 'off' });
  expect(sensorsSchema.parse(await call('GET', 'sensors')).items.length).toBeGreaterThan(0);
  expect(inventorySchema.parse(await call('GET', 'inventory')).items.length).toBeGreaterThan(0);
  expect(bootOverrideSchema.parse(await call('GET', 'boot-override')).valid).toBe(false);
});

it('changes what can be read back', async () => {
  const override = { device: 'pxe', persistent: true, efi: true };
  expect(await call('PUT', 'boot-override', override)).toEqual({ ...override, valid: true, stuck: true });
  expect(await call('GET', 'boot-override')).toEqual({ ...override, valid: true });
  expect(await call('PUT', 'boot-override', { device: 'none' })).toMatchObject({ stuck: true });
  await call('PUT', 'identify', { light: 'on' });
  await call('PUT', 'power-restore-policy', { policy: 'power-up' });
  expect(await call('GET', 'chassis')).toMatchObject({ identify: 'on', restorePolicy: 'power-up' });
});

it('sends bytes, and erases the entry that they made', async () => {
  // Get Device ID, §20.1: the version of IPMI is the fifth byte, 2.0 as 02h.
  const device = (await call('POST', 'raw', { netFn: 0x06, command: 0x01 })) as { data: string };
  expect(device).toMatchObject({ outcome: 'answered', completionCode: 0 });
  expect(device.data.slice(8, 10)).toBe('02');
  // Add SEL Entry, §31.6: a system event of temperature sensor 30h, upper critical going high.
  const data = '000002000000002000040130015900ff'.padEnd(32, 'f');
  const before = eventLogSchema.parse(await call('GET', 'event-log')).total;
  expect(await call('POST', 'raw', { netFn: 0x0a, command: 0x44, data })).toMatchObject({ completionCode: 0 });
  const log = eventLogSchema.parse(await call('GET', 'event-log'));
  expect([log.total, log.items.length]).toEqual([before + 1, before + 1]);
  expect(await call('DELETE', 'event-log')).toEqual({ erased: log.items });
  const clock = (await call('PUT', 'event-log/clock', { at: '2030-01-01T00:00:00Z' })) as { clockAt: string };
  expect(clock.clockAt).toBe('2030-01-01T00:00:00.000Z');
  expect(eventLogSchema.parse(await call('GET', 'event-log')).clockAt).toMatch(/^2030-01-01T00:00:/);
});
