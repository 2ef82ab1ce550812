import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { configSchema } from '../../../../src/config/config-schema.ts';
import { exchange } from '../../../support/http-boot-service.ts';
import { loopbackCorner, startNetboot } from '../../../support/netboot-service.ts';

it('HTTPS and admission as configured reach the boot server and its scripts', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bw-configured-'));
  try {
    const { netboot: read } = configSchema.parse({
      netboot: { http: { maximumTransfers: 1, maximumBytesPerSecond: 1_000_000 }, https: { offer: 'always' } },
    });
    if (read?.https === undefined) throw new Error('not read');
    expect(read.https).toEqual({ port: 8443, offer: 'always' });
    const corner = loopbackCorner(93);
    await using netboot = await startNetboot({
      corner,
      mode: 'full',
      machines: 2,
      options: { http: { ...read.http, port: 0 }, https: { ...read.https, port: 0, folder } },
    });
    const get = (n: number, path: string): Promise<string> => {
      const request = `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
      return exchange(netboot.bound.http, request, { from: corner.machine(n) });
    };
    const [one, two] = [netboot.arm(1).token, netboot.arm(2).token];
    expect(await get(1, `/boot/${one}/script.ipxe`)).toMatch(
      new RegExp(`kernel https://${corner.server}:\\d+/boot/${one}/kernel`),
    );
    expect(await get(1, `/boot/${one}/initrd/0`)).toMatch(/^HTTP\/1.1 200 /);
    expect(await get(2, `/boot/${two}/initrd/0`)).toMatch(/^HTTP\/1.1 503 /);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
