import request from 'supertest';
import { expect, it } from 'vitest';
import { pageOf } from '../../../src/api/schema/common.ts';
import { discoveredMachineSchema } from '../../../src/api/schema/discovered.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { UnreachableError } from '../../../src/foundation/errors.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { createPxeClient } from '../../../src/simulator/pxe-client/pxe-client.ts';
import { startApiService, testMachine } from '../../support/api-service.ts';
import { loopbackCorner, startNetboot } from '../../support/netboot-service.ts';

const MAC = '52:54:00:99:00:01';
const UUID = '4c4c4544-0033-4a10-8052-b4c04f4d3432';

it('a machine that nobody declared is not answered, is listed, approved, and boots', async () => {
  const corner = loopbackCorner(94);
  await using service = await startApiService();
  const { store, tokens } = service;
  await using netboot = await startNetboot({ corner, mode: 'full', deps: store });
  const call = (method: 'get' | 'post', path: string) =>
    request(service.api.app)[method](`/api/v1${path}`).set('Authorization', `Bearer ${tokens.admin}`);
  const client = createPxeClient(
    { udp: systemUdp, clock: systemClock, entropy: systemEntropy },
    {
      ...{ mac: MAC, uuid: UUID, firmware: 'uefi', patienceMs: 150 },
      link: { kind: 'relay', server: corner.server, serverPort: netboot.bound.dhcp.port, relay: '127.94.0.11' },
      ports: { proxy: netboot.bound.proxy.port, tftp: netboot.bound.tftp.port },
    },
  );
  await expect(client.boot(AbortSignal.timeout(15_000))).rejects.toThrow(UnreachableError);

  const list = async () =>
    pageOf(discoveredMachineSchema).parse((await call('get', '/discovered-machines')).body).items;
  await expect.poll(list, { timeout: 10_000 }).toHaveLength(1);
  expect(await list()).toMatchObject([
    {
      mac: MAC,
      uuid: UUID,
      architectures: [{ value: 7, name: 'x64 UEFI' }],
      client: 'pxe',
      loader: 'firmware',
      interface: 'lo',
      relay: { address: '127.94.0.11' },
      boots: 1,
    },
  ]);

  const { macs: _, ...rest } = testMachine('found');
  const address = corner.machine(7);
  const approved = await call('post', `/discovered-machines/${MAC}/approve`).send({ ...rest, address });
  expect([approved.status, approved.body.spec?.macs]).toEqual([201, [MAC]]);
  const run = await store.runs.create({
    machineId: approved.body.id,
    request: { kind: 'boot' },
    plan: [{ step: 'netboot', params: {}, deadlineMs: 60_000 }],
    actor: 'tester',
  });
  await store.attempts.arm(
    {
      machineId: approved.body.id,
      runId: run.id,
      round: 0,
      boot: { kernel: 'vmlinuz', initrds: ['initrd.img'], commandLine: 'quiet' },
    },
    600_000,
  );
  // What listeners know of the inventory is a second old at most, and firmware repeats its DISCOVER after four.
  await systemClock.sleep(1000, AbortSignal.timeout(5000));
  const booted = await client.boot(AbortSignal.timeout(15_000));
  expect([booted.address, booted.commandLine]).toEqual([address, 'initrd=initrd0 quiet']);
  expect(await list()).toEqual([]);
}, 40_000);
