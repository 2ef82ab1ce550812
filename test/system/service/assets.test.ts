// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of scripts are written so
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ShownRun } from '../../support/api-client.ts';
import { bootJson, STORE } from '../../support/boot-json.ts';
import { residentMb } from '../../support/service-process.ts';
import { createRig, onlyMachine, type Rig } from './rig.ts';

const outcome = ({ state, error }: ShownRun): string => (error === null ? state : `${state}: ${JSON.stringify(error)}`);
const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const folderFile = ({ site }: Rig, name: string): Buffer => readFileSync(join(site.folder, 'assets', name));

/** Sends bytes from..to of an upload. */
async function put(rig: Rig, path: string, bytes: Buffer, from: number, to: number): Promise<number> {
  const response = await fetch(`${rig.url}/api/v1${path}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${rig.token}`, 'content-range': `bytes ${from}-${to - 1}/${bytes.length}` },
    body: new Uint8Array(bytes.subarray(from, to)),
  });
  await response.text();
  return response.status;
}

async function begin(rig: Rig, bytes: Buffer, name: string): Promise<{ path: string; offset: number }> {
  const json = { sha256: sha256Of(bytes), bytes: bytes.length, name };
  const { status, body } = await rig.api.call('POST', '/assets', json);
  expect(status).toBe(201);
  const { id, offset } = body as { id: string; offset: number };
  return { path: `/assets/uploads/${id}`, offset };
}

async function armedOf(rig: Rig, machine: string) {
  return (await rig.events(machine)).filter(({ type }) => type === 'boot.armed').map(({ data }) => data);
}

describe.concurrent('what is booted', () => {
  it('uploaded assets, through a kill in the middle of the upload', { timeout: 90_000 }, async ({ expect }) => {
    const netboot = { kernel: 'up/kernel', initrds: ['up/initrd'], commandLine: 'console=ttyS0' };
    await using rig = await createRig({ declared: { netboot } });
    const { name } = onlyMachine(rig);
    const [kernel, initrd] = [randomBytes(500_000), folderFile(rig, 'initramfs.img')];

    const refused = await rig.run(name, { kind: 'boot' });
    expect(outcome(refused), 'nothing is uploaded yet').not.toBe('succeeded');
    expect(outcome(await rig.run(name, { kind: 'power', verb: 'off' }))).toBe('succeeded');

    const first = await begin(rig, kernel, 'up/kernel');
    expect(await put(rig, first.path, kernel, 0, kernel.length)).toBe(201);
    const second = await begin(rig, initrd, 'up/initrd');
    expect(await put(rig, second.path, initrd, 0, 700_000)).toBe(202);
    await rig.service().kill();
    await rig.restart();
    const again = await begin(rig, initrd, 'up/initrd');
    expect(again).toEqual({ path: second.path, offset: 700_000 });
    expect(await put(rig, again.path, initrd, again.offset, initrd.length)).toBe(201);

    expect(outcome(await rig.run(name, { kind: 'boot' }))).toBe('succeeded');
    expect((await armedOf(rig, name)).at(-1)).toMatchObject({
      boot: 'kernel',
      kernel: `sha256:${sha256Of(kernel)}`,
      initrds: [`sha256:${sha256Of(initrd)}`],
    });
  });

  it('a large upload, without its size in memory', { timeout: 60_000 }, async ({ expect }) => {
    await using rig = await createRig();
    const [piece, pieces] = [Buffer.alloc(1 << 20, 'x'), 200];
    const hash = createHash('sha256');
    for (let n = 0; n < pieces; n++) hash.update(piece);
    const order = { sha256: hash.digest('hex'), bytes: piece.length * pieces, name: 'large' };
    const { body } = await rig.api.call('POST', '/assets', order);
    const before = residentMb(rig.service().pid);
    let most = 0;
    const stream = new ReadableStream({
      pull(controller) {
        most = Math.max(most, residentMb(rig.service().pid));
        controller.enqueue(new Uint8Array(piece));
        sent += 1;
        if (sent === pieces) controller.close();
      },
    });
    let sent = 0;
    const { id } = body as { id: string };
    const headers = { authorization: `Bearer ${rig.token}` };
    const init = { method: 'PUT', headers, body: stream, duplex: 'half' } as RequestInit;
    const response = await fetch(`${rig.url}/api/v1/assets/uploads/${id}`, init);
    expect(response.status).toBe(201);
    expect(Math.max(most, residentMb(rig.service().pid)) - before).toBeLessThan(100);
  });

  it('the generation of the machine, imported and then captured when it proves itself', { timeout: 90_000 }, async ({
    expect,
  }) => {
    const kernel = randomBytes(300_000);
    let initrd: Buffer = Buffer.alloc(0);
    const fileAt = (path: string): Buffer | undefined => {
      if (path === `${STORE}-linux/bzImage`) return kernel;
      if (path === `${STORE}-initrd/initrd`) return initrd;
      const toplevel = /^(\/nix\/store\/[^/]+)\/boot\.json$/.exec(path)?.[1];
      if (toplevel === undefined) return undefined;
      const files = { kernel: `${STORE}-linux/bzImage`, initrd: `${STORE}-initrd/initrd` };
      return Buffer.from(bootJson({ toplevel, ...files, kernelParams: ['console=ttyS0', 'loglevel=4'] }));
    };
    await using rig = await createRig({
      declared: { netboot: { generation: 'current', commandLine: 'more' } },
      simulated: { fileAt },
    });
    initrd = folderFile(rig, 'initramfs.img');
    const { name, machine } = onlyMachine(rig);

    const early = await rig.run(name, { kind: 'boot' });
    expect(early.error?.code, 'nothing was captured yet').toBe('not-found');
    expect(outcome(await rig.run(name, { kind: 'boot', netboot: false }))).toBe('succeeded');
    const toplevel = machine.generations.profile();
    const imported = await rig.api.call('POST', `/machines/${name}/import-generation`, {});
    expect(imported).toMatchObject({
      status: 200,
      body: { toplevel, kernel: sha256Of(kernel), secretsLeftOut: false },
    });
    expect(outcome(await rig.run(name, { kind: 'reboot', netboot: true }))).toBe('succeeded');
    expect((await armedOf(rig, name)).at(-1)).toMatchObject({ boot: 'generation', generation: toplevel });
    const boots = machine.history.filter(({ phase }) => phase === 'kernel').map(({ detail }) => detail);
    expect(boots.at(-1)).toBe('from the network');

    expect(outcome(await rig.run(name, { kind: 'update' }))).toBe('succeeded');
    const next = machine.generations.profile();
    expect(next).not.toBe(toplevel);
    expect(outcome(await rig.run(name, { kind: 'reboot', netboot: true }))).toBe('succeeded');
    expect((await armedOf(rig, name)).at(-1), 'captured by the update').toMatchObject({ generation: next });
    const { body } = await rig.api.call('GET', `/assets/${sha256Of(kernel)}`);
    expect(body).toMatchObject({ needs: expect.arrayContaining(['declared', 'proven']) });
  });

  it.each(['auto', 'exit', '404'])('its own disk, handed on by %s', { timeout: 60_000 }, async (localDisk) => {
    await using rig = await createRig({ declared: { netboot: { localDisk } } });
    const { name, machine } = onlyMachine(rig);
    expect(outcome(await rig.run(name, { kind: 'boot' }))).toBe('succeeded');
    const phases = machine.history.map(({ phase, detail }) => `${phase} ${detail}`);
    expect(phases).toContain('netboot ');
    expect(phases).toContain('kernel from disk');
    expect((await armedOf(rig, name)).at(-1)).toMatchObject({ boot: 'local-disk', exit: localDisk });
  });

  it('an own script with the files it names', { timeout: 60_000 }, async ({ expect }) => {
    const script = [
      '#!ipxe',
      'echo ${machine} at ${ip} with ${mac}',
      'kernel ${base-url}/files/vmlinuz host=${machine}',
      'initrd --name i0 ${base-url}/files/initramfs.img',
      'boot',
      '',
    ].join('\n');
    await using rig = await createRig({ declared: { netboot: { script, files: ['vmlinuz', 'initramfs.img'] } } });
    const { name } = onlyMachine(rig);
    expect(outcome(await rig.run(name, { kind: 'boot' }))).toBe('succeeded');
    const served = (await rig.events(name)).filter(({ type, source }) => type === 'file.served' && source === 'http');
    expect(served.map(({ data }) => data.name)).toEqual(['script.ipxe', 'files/vmlinuz', 'files/initramfs.img']);
  });
});
