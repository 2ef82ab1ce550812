import request from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventPageSchema } from '../../../src/api/schema/event.ts';
import { loadersSchema } from '../../../src/api/schema/loaders.ts';
import type { TokenRole } from '../../../src/domain/ports/tokens.ts';
import { type ApiService, startApiService, testMachine } from '../../support/api-service.ts';

const [MAC, OTHER] = ['52:54:00:77:00:01', '52:54:00:77:00:02'];
const hangs = new Map([[OTHER ?? '', [{ architecture: 7, loaders: ['ipxe.efi', 'snponly.efi'] }]]]);

let service: ApiService;
beforeAll(async () => {
  service = await startApiService({
    loaderHangs: {
      hungOf: (mac) => hangs.get(mac) ?? [],
      forget: (macs) => {
        for (const mac of macs) hangs.delete(mac);
      },
    },
  });
});
afterAll(() => service[Symbol.asyncDispose]());

const call = (method: 'get' | 'post' | 'delete', path: string, role: TokenRole = 'admin') =>
  request(service.api.app)[method](`/api/v1${path}`).set('Authorization', `Bearer ${service.tokens[role]}`);
const shown = async (name: string) => loadersSchema.parse((await call('get', `/machines/${name}/loaders`)).body);

it('what loaders a machine has learnt is shown, and forgotten with what hung', async () => {
  const firmware = { loader: 'snponly.efi' };
  const machine = { ...testMachine('m1'), macs: [MAC, OTHER], firmware };
  expect((await call('post', '/machines').send(machine)).status).toBe(201);
  expect(await shown('m1')).toMatchObject({ ordered: 'snponly.efi', items: [{ mac: OTHER }] });
  const { loaderMemory } = service.store;
  const provenAt = Date.parse('2026-01-31T12:00:00.000Z');
  for (const architecture of [7, 0])
    await loaderMemory.remember({ mac: MAC ?? '', architecture, loader: `l${architecture}`, provenAt });
  await loaderMemory.remember({ mac: '02:00:00:00:00:01', architecture: 7, loader: 'x', provenAt });
  const at = '2026-01-31T12:00:00.000Z';
  expect((await shown('m1')).items).toEqual([
    { mac: MAC, architecture: 0, proven: { loader: 'l0', provenAt: at }, hung: [] },
    { mac: MAC, architecture: 7, proven: { loader: 'l7', provenAt: at }, hung: [] },
    { mac: OTHER, architecture: 7, proven: null, hung: ['ipxe.efi', 'snponly.efi'] },
  ]);

  expect((await call('delete', '/machines/m1/loaders', 'operator')).status).toBe(204);
  expect(await shown('m1')).toEqual({ ordered: 'snponly.efi', items: [] });
  expect(await loaderMemory.ofMac('02:00:00:00:00:01')).toHaveLength(1);
  const { items } = eventPageSchema.parse((await call('get', '/machines/m1/events')).body);
  expect(items.at(-1)).toMatchObject({
    type: 'loaders.forgotten',
    source: 'api',
    data: { actor: 'the-operator', proven: ['l0', 'l7'], hung: ['ipxe.efi', 'snponly.efi'] },
  });
});
