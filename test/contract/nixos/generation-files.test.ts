import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createGenerationFiles } from '../../../src/drivers/nixos/generation-files.ts';
import { createSshConnections } from '../../../src/drivers/ssh/connections.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { DecodeError, RefusedError } from '../../../src/foundation/errors.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { openAssetStore } from '../../../src/netboot/assets/asset-store.ts';
import { createGenerationCaptures } from '../../../src/netboot/assets/capture-generation.ts';
import { openStore } from '../../../src/store/store.ts';
import { bootJson, STORE } from '../../support/boot-json.ts';
import { createSimulatedHost } from '../../support/simulated-host.ts';

const signal = AbortSignal.timeout(60_000);
const KERNEL = `${STORE}-linux-6.12/bzImage`;
const INITRD = `${STORE}-initrd-linux-6.12/initrd`;
const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A running machine with these files, and captures into a store of its own. */
async function createRig(files: Map<string, Buffer>) {
  const host = createSimulatedHost({ simulated: { disks: [], fileAt: (path) => files.get(path) } });
  host.simulated.chassis.control('on');
  await host.simulated.reached('stage-3', signal);
  const base = { clock: systemClock, log: silentLog };
  const store = await openStore({ ...base, entropy: systemEntropy }, { path: ':memory:' });
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-capture-'));
  const records = store.assetRecords;
  const assets = await openAssetStore({ ...base, records }, { folder });
  const connections = createSshConnections({ ...base, secrets: host.secrets });
  const open = createGenerationFiles({ ...base, secrets: host.secrets, connections });
  return {
    host,
    open,
    assets,
    records,
    captures: createGenerationCaptures({ ...base, assets, records, open }),
    async [Symbol.asyncDispose]() {
      await connections[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

describe('files of a generation', () => {
  test('the running system is captured with its checksums, and fetched once', async () => {
    const files = new Map([
      [KERNEL, randomBytes(2_000_000)],
      [INITRD, randomBytes(3_000_001)],
    ]);
    await using rig = await createRig(files);
    const { host, captures, assets, records } = rig;
    const toplevel = host.simulated.generations.profile();
    const document = bootJson({ toplevel, kernel: KERNEL, initrd: INITRD, kernelParams: ['console=ttyS0', 'quiet'] });
    files.set(`${toplevel}/boot.json`, Buffer.from(document));
    const captured = await captures.fromMachine(host.machine, undefined, signal);
    expect(captured).toMatchObject({
      toplevel,
      kernel: sha256Of(files.get(KERNEL) ?? Buffer.alloc(0)),
      initrds: [sha256Of(files.get(INITRD) ?? Buffer.alloc(0))],
      commandLine: `init=${toplevel}/init console=ttyS0 quiet`,
      secretsLeftOut: false,
    });
    expect(await assets.get(captured.kernel)).toMatchObject({ names: ['m1/kernel'], bytes: 2_000_000 });
    expect(await records.captured(host.machine.id)).toMatchObject([{ toplevel, commandLine: captured.commandLine }]);
    expect(await captures.has(host.machine.id, toplevel)).toBe(true);
    expect(await captures.fromMachine(host.machine, toplevel, signal)).toMatchObject({ kernel: captured.kernel });
  });

  test('a file that changes under way is refused and nothing of it is kept', async () => {
    const reads = { kernel: 0 };
    const files = new Map<string, Buffer>();
    await using rig = await createRig(
      new Proxy(files, {
        get(target, key) {
          if (key !== 'get') return Reflect.get(target, key);
          return (path: string) => {
            if (path === KERNEL) return Buffer.alloc(1000, reads.kernel++);
            return target.get(path);
          };
        },
      }),
    );
    const { host, captures, assets, records } = rig;
    const toplevel = host.simulated.generations.profile();
    files.set(`${toplevel}/boot.json`, Buffer.from(bootJson({ toplevel, kernel: KERNEL, initrd: INITRD })));
    await expect(captures.fromMachine(host.machine, undefined, signal)).rejects.toThrow('announced was');
    expect(await assets.list()).toEqual([]);
    expect(await records.uploads()).toEqual([]);
    expect(await records.captured(host.machine.id)).toEqual([]);
  });

  test.each([
    ['a kernel outside of the store', { kernel: '/etc/shadow', initrd: INITRD }, DecodeError],
    ['a way out of the store', { kernel: `${STORE}-x/../../etc/shadow`, initrd: INITRD }, DecodeError],
    ['a command in a path', { kernel: `${STORE}-x;reboot`, initrd: INITRD }, DecodeError],
    ['a kernel that is not there', { kernel: `${STORE}-gone/bzImage`, initrd: INITRD }, RefusedError],
  ])('refuses %s', async (_what, paths, error) => {
    const files = new Map<string, Buffer>();
    await using rig = await createRig(files);
    const toplevel = rig.host.simulated.generations.profile();
    files.set(`${toplevel}/boot.json`, Buffer.from(bootJson({ toplevel, ...paths })));
    await expect(rig.captures.fromMachine(rig.host.machine, undefined, signal)).rejects.toThrow(error);
  });

  test.each([
    [undefined, 1, true],
    [true, 2, false],
  ])('secrets of the initrd, wanted: %s', async (initrdSecrets, initrds, secretsLeftOut) => {
    const program = `${STORE}-append-initrd-secrets/bin/append-initrd-secrets`;
    const files = new Map([KERNEL, INITRD, program].map((path) => [path, randomBytes(1000)]));
    await using rig = await createRig(files);
    const toplevel = rig.host.simulated.generations.profile();
    const document = bootJson({ toplevel, kernel: KERNEL, initrd: INITRD, initrdSecrets: program });
    files.set(`${toplevel}/boot.json`, Buffer.from(document));
    const netboot = { generation: 'current', ...(initrdSecrets === undefined ? {} : { initrdSecrets }) };
    const machine = { ...rig.host.machine, spec: { ...rig.host.machine.spec, netboot } };
    const captured = await rig.captures.fromMachine(machine, undefined, signal);
    expect(captured).toMatchObject({ secretsLeftOut });
    expect(captured.initrds).toEqual(
      [INITRD, program].slice(0, initrds).map((path) => sha256Of(files.get(path) ?? Buffer.alloc(0))),
    );
  });

  test('reads on from an offset', async () => {
    const files = new Map([[KERNEL, randomBytes(100_000)]]);
    await using rig = await createRig(files);
    await using opened = await rig.open(rig.host.machine, signal);
    const chunks: Buffer[] = [];
    await opened.read(KERNEL, 99_990, async (chunk) => void chunks.push(chunk), signal);
    expect(Buffer.concat(chunks)).toEqual(files.get(KERNEL)?.subarray(99_990));
  });
});
