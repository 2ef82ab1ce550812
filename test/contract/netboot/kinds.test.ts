// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of scripts are written so
import { get } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArmedBoot } from '../../../src/domain/armed-boot.ts';
import { planOf } from '../../../src/protocols/ipxe/boot-plan.ts';
import { parseIpxeScript } from '../../../src/protocols/ipxe/script.ts';
import { loopbackCorner, startNetboot, type TestNetboot } from '../../support/netboot-service.ts';

const corner = loopbackCorner(64);
let netboot: TestNetboot;
beforeAll(async () => {
  netboot = await startNetboot({ corner, mode: 'full', machines: 2 });
});
afterAll(() => netboot[Symbol.asyncDispose]());

type Answer = { readonly status: number | undefined; readonly body: Buffer };

/** Asks as machine `n` would, from its address. */
function fetchAs(n: number, path: string): Promise<Answer> {
  const { address, port } = netboot.bound.http;
  return new Promise((resolve, reject) => {
    const options = { host: address, port, path, localAddress: corner.machine(n), agent: false };
    get(options, (response) => {
      buffer(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    }).once('error', reject);
  });
}

/** Arms machine 1. @returns where its files lie */
function arm(boot: ArmedBoot): string {
  const machine = netboot.machines[0];
  if (machine === undefined) throw new Error('no machine');
  return `/boot/${netboot.attempts.arm(machine, boot).token}`;
}

describe('what an attempt serves', () => {
  it('an own script with its variables, and the files it names to that machine alone', async () => {
    const script = '#!ipxe\necho ${machine} ${mac} ${ip} $${net0/ip}\nkernel ${base-url}/files/vmlinuz a\nboot\n';
    const base = arm({ script, files: ['vmlinuz'] });
    const { address, port } = netboot.bound.http;
    const url = `http://${address}:${port}${base}`;
    const { body } = await fetchAs(1, `${base}/script.ipxe`);
    expect(body.toString()).toBe(
      `#!ipxe\necho m1 ${netboot.macOf(1)} ${corner.machine(1)} \${net0/ip}\nkernel ${url}/files/vmlinuz a\nboot\n`,
    );
    expect((await fetchAs(1, `${base}/files/vmlinuz`)).body).toEqual(netboot.assets.vmlinuz);
    expect((await fetchAs(2, `${base}/files/vmlinuz`)).status).toBe(403);
    for (const other of ['files/initrd.img', 'files/../vmlinuz', 'files/', 'kernel', 'initrd/0'])
      expect([other, (await fetchAs(1, `${base}/${other}`)).status]).toEqual([other, 404]);
  });

  it('its own disk: a script that hands on, or none, and no other file', async () => {
    const base = arm({ localDisk: 'exit-1' });
    const { status, body } = await fetchAs(1, `${base}/script.ipxe`);
    expect(status).toBe(200);
    expect(parseIpxeScript(body.toString()).at(-1)?.words).toEqual(['exit', '1']);
    expect((await fetchAs(1, `${base}/kernel`)).status).toBe(404);
    const none = arm({ localDisk: '404' });
    expect((await fetchAs(1, `${none}/script.ipxe`)).status).toBe(404);
  });

  it.each([
    ['a generation', { generation: '/nix/store/x' }],
    ['a rescue system', { rescue: true as const }],
  ])('%s as a kernel with its initrds, as often as it is asked', async (_what, kind) => {
    const base = arm({ kernel: 'vmlinuz', initrds: ['initrd.img'], commandLine: 'init=/nix/store/x/init', ...kind });
    for (let time = 0; time < 3; time++) {
      const plan = planOf(parseIpxeScript((await fetchAs(1, `${base}/script.ipxe`)).body.toString()));
      expect(plan.commandLine).toBe('initrd=initrd0 init=/nix/store/x/init');
      expect((await fetchAs(1, new URL(plan.kernelUrl).pathname)).body).toEqual(netboot.assets.vmlinuz);
    }
    expect((await fetchAs(1, `${base}/files/vmlinuz`)).status, 'files are for own scripts').toBe(404);
  });

  it('an asset that is gone says which', async () => {
    const base = arm({ kernel: `sha256:${'ab'.repeat(32)}`, initrds: ['initrd.img'], commandLine: '' });
    const { status, body } = await fetchAs(1, `${base}/kernel`);
    expect([status, body.toString()]).toEqual([404, expect.stringContaining(`sha256:${'ab'.repeat(32)}`)]);
  });
});
