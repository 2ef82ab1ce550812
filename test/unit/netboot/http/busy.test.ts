import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { exchange, startHttpBoot, type TestHttpBoot } from '../../../support/http-boot-service.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import { pattern } from '../../../support/netboot-service.ts';

const big = pattern(24_000_000, 2);
const request = (path: string, method = 'GET'): string =>
  `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
const files = { kernel: pattern(5000, 1), initrd: big };

const ask = (boot: TestHttpBoot, n: number, path: string, method?: string): Promise<string> =>
  exchange(boot.bound, request(path, method), { from: boot.machines[n - 1]?.spec.address ?? '' });

/** A machine that asks for a file and does not take it. */
async function holdPlace(boot: TestHttpBoot, n: number, path: string) {
  const from = boot.machines[n - 1]?.spec.address ?? '';
  const socket = connect({ host: boot.bound.address, port: boot.bound.port, localAddress: from });
  socket.on('error', () => undefined);
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('data', () => {
    socket.pause();
    resolve();
  });
  socket.write(request(path));
  await promise;
  return socket;
}

describe('when all places are taken', () => {
  it('a machine is told to come again, and gets its script and loader all the same', async () => {
    await using boot = await startHttpBoot({
      net: 83,
      machines: 3,
      files,
      loaders: { 'ipxe.efi': pattern(1000, 3) },
      http: { maximumTransfers: 1 },
    });
    const [one, two] = [boot.arm(1), boot.arm(2)];
    const holder = await holdPlace(boot, 1, `/boot/${one}/initrd/0`);
    const busy = await ask(boot, 2, `/boot/${two}/kernel`);
    expect(busy).toMatch(/^HTTP\/1.1 503 [\s\S]*^Retry-After: \d+\r$[\s\S]*^Content-Length: \d+\r$/m);
    expect(await ask(boot, 2, `/boot/${two}/kernel`, 'HEAD')).toMatch(
      /^HTTP\/1.1 200 [\s\S]*^Content-Length: 5000\r$/m,
    );
    expect(await ask(boot, 2, `/boot/${two}/script.ipxe`)).toMatch(/ 200 /);
    expect(await ask(boot, 2, '/loaders/ipxe.efi')).toMatch(/ 200 /);
    expect(boot.meter.value('netboot_http_responses', { status: '503' })).toBe(1);
    // Whoever may not have a file is not told whether it is busy.
    expect(await ask(boot, 3, `/boot/${two}/kernel`)).toMatch(/ 403 /);
    holder.destroy();
    await expect.poll(() => boot.meter.value('netboot_http_aborted')).toBe(1);
    expect(await ask(boot, 2, `/boot/${two}/kernel`)).toMatch(/ 200 /);
    const served = (name: string): number =>
      boot.timeline.events.filter(({ type, data }) => type === 'file.served' && data.name === name).length;
    // Told after the last byte has left, which the client may have before.
    await expect.poll(() => served('kernel')).toBe(1);
    await boot.settled();
    expect([served('kernel'), served('initrd/0')]).toEqual([1, 0]);
  });
});

describe('a receiver that takes next to nothing', () => {
  it('loses its connection and its place', async () => {
    const clock = createManualClock();
    await using boot = await startHttpBoot({ net: 84, files, clock, http: { maximumTransfers: 1 } });
    const [one, two] = [boot.arm(1), boot.arm(2)];
    const holder = await holdPlace(boot, 1, `/boot/${one}/initrd/0`);
    expect(await ask(boot, 2, `/boot/${two}/kernel`)).toMatch(/ 503 /);
    await expect
      .poll(async () => {
        await clock.advance(120_000);
        return boot.meter.value('netboot_http_aborted');
      })
      .toBe(1);
    expect(await ask(boot, 2, `/boot/${two}/kernel`)).toMatch(/ 200 /);
    holder.destroy();
  });
});

describe('machines that want the same file', () => {
  it('get it whole, from the disk and from memory, whichever is first', async () => {
    await using boot = await startHttpBoot({ net: 85, machines: 5, files });
    const tokens = [1, 2, 3, 4, 5].map((n) => boot.arm(n));
    const answers = await Promise.all(tokens.map((token, index) => ask(boot, index + 1, `/boot/${token}/initrd/0`)));
    for (const answer of answers) {
      const body = Buffer.from(answer.slice(answer.indexOf('\r\n\r\n') + 4), 'latin1');
      expect(body.equals(big)).toBe(true);
    }
  });
});
