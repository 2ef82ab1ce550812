import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { createPxeClient } from '../../../src/simulator/pxe-client/pxe-client.ts';
import { createRig, onlyMachine, type Rig, until } from './rig.ts';

// A network that is not friendly: whoever is not known gets no answer, whoever asks for what is not served gets none of it, and
// what can't be understood is counted and dropped. After each, a run still comes to its end.

const DROPPED = 'bootwright_netboot_datagrams_dropped_total';
const signal = (): AbortSignal => AbortSignal.timeout(15_000);

describe.concurrent('who is not known', () => {
  it.each(['full', 'proxy'] as const)('gets no answer, and is counted, %s DHCP', { timeout: 60_000 }, async (dhcp) => {
    await using rig = await createRig({ dhcp });
    const [known] = rig.site.pxe;
    if (known === undefined) throw new Error('no firmware');
    const stranger = { ...known, mac: '52:54:00:99:99:99', patienceMs: 100, tries: 3, asksBootServer: true };
    await expect(firmware(stranger).boot(signal())).rejects.toThrow(/no answer for 52:54:00:99:99:99/);
    expect(await rig.metric('bootwright_netboot_unknown_machine_total', { channel: 'dhcp' })).toBe(3);
    await expectAliveAndBooting(rig);
  });

  it('known, but nothing was ordered: an address, and nothing to boot', { timeout: 60_000 }, async () => {
    await using rig = await createRig();
    const [known] = rig.site.pxe;
    if (known === undefined) throw new Error('no firmware');
    const { machine } = onlyMachine(rig);
    await expect(firmware(known).boot(signal())).rejects.toThrow(/nothing to boot/);
    expect(await firmware(known).lease(signal())).toMatchObject({ address: machine.spec.address });
    await expectAliveAndBooting(rig);
  });
});

const OUTSIDE = [
  '../../../../../../etc/passwd',
  '/etc/passwd',
  '//etc/passwd',
  '..\\..\\..\\etc\\passwd',
  'ipxe.efi/../../../../etc/passwd',
  './../bootwright.yaml',
  'undionly.kpxe/../passphrase',
  '/../data/bootwright.db',
  'assets/../passphrase',
];

describe.concurrent('what is not served', () => {
  it('is refused over TFTP, however it is spelt', { timeout: 60_000 }, async () => {
    await using rig = await createRig();
    await using client = await udpClient(`${rig.site.net}.11`);
    const ask = async (name: string): Promise<Buffer> => {
      const answer = client.next();
      client.send(Buffer.from(`\0\x01${name}\0octet\0`, 'latin1'), rig.site.ports.tftp, `${rig.site.net}.1`);
      return answer;
    };
    const served = await ask('ipxe.efi');
    expect(served.readUInt16BE(0), 'what is served comes as DATA').toBe(3);
    for (const name of [...OUTSIDE, `${'../'.repeat(80)}etc/passwd`, 'vmlinuz', 'passphrase']) {
      const answer = await ask(name);
      expect(answer.readUInt16BE(0), name).toBe(5);
      expect(answer.toString('latin1'), name).not.toContain('root:');
    }
    expect(await rig.metric('bootwright_netboot_tftp_refused_total')).toBe(OUTSIDE.length + 3);
    await expectAliveAndBooting(rig);
  });

  it('is refused over HTTP, by the boot server and by the API', { timeout: 60_000 }, async () => {
    await using rig = await createRig();
    const { net, ports } = rig.site;
    const api = Number(new URL(rig.url).port);
    const missing = await rawHttp(`${net}.1`, api, 'GET /assets/gone HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(missing).toMatch(/^HTTP\/1\.1 404 .*no-such-route/s);
    const targets = OUTSIDE.flatMap((name) => [
      ...['/', '/loaders/', '/boot/', '/assets/', '/api/v1/'].map((at) => `${at}${name}`),
      `/loaders/${name.replaceAll('/', '%2f')}`,
      `/loaders/${name.replaceAll('.', '%2e')}`,
      `/${name.replaceAll('../', '..;/')}`,
    ]);
    for (const target of [...targets, '/loaders/%00', '/%c0%ae%c0%ae/etc/passwd', 'http://x/../../etc/passwd', '*']) {
      for (const port of [ports.http, api]) {
        const answer = await rawHttp(
          `${net}.1`,
          port,
          `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
        );
        const where = `${port} ${target}`;
        expect(answer, where).toMatch(/^HTTP\/1\.1 /);
        expect(answer, where).not.toMatch(/root:x?:0|dataDirectory|planted|SQLite format/);
        // The pages answer any path that is none of the API's with themselves; nothing else may succeed.
        if (port === ports.http) expect(answer, where).not.toMatch(/^HTTP\/1\.1 2/);
        else if (/^HTTP\/1\.1 2/.test(answer)) expect(answer, where).toMatch(/<!doctype html>/i);
      }
    }
    for (const request of [
      'GET / HTTP/1.1\r\n',
      `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
      '\0\0\0\r\n\r\n',
      'x',
    ]) {
      await rawHttp(`${net}.1`, ports.http, request, 300);
      await rawHttp(`${net}.1`, api, request, 300);
    }
    await expectAliveAndBooting(rig);
  });
});

describe.concurrent('what can’t be understood', () => {
  it('is dropped and counted on every port of netboot', { timeout: 60_000 }, async () => {
    await using rig = await createRig();
    const { net, ports } = rig.site;
    const flood = [
      ...[0, 1, 2, 3, 7, 43, 235, 240, 512, 1499, 1501, 9000, 60_000].map((size) => randomBytes(size)),
      ...[100, 300, 30_000].map((size) => Buffer.alloc(size)),
      ...Array.from({ length: 40 }, () => brokenDhcp()),
      ...Array.from({ length: 40 }, () => Buffer.concat([Buffer.of(0, (1 + Math.random() * 6) | 0), randomBytes(60)])),
    ];
    await using client = await udpClient(`${net}.11`);
    for (const port of [ports.dhcp, ports.proxy, ports.tftp])
      for (const datagram of flood) client.send(datagram, port, `${net}.1`);
    for (const [channel, why] of [
      ['dhcp', 'malformed'],
      ['dhcp', 'oversized'],
      ['proxy', 'malformed'],
      ['proxy', 'oversized'],
      ['tftp', 'malformed'],
    ]) {
      await until(
        `${channel} ${why}`,
        async () => (await rig.metric(DROPPED, { channel: channel ?? '', why: why ?? '' })) > 2,
      );
    }
    await expectAliveAndBooting(rig);
  });

  it('is dropped and counted when it comes from the BMC, or as if', { timeout: 60_000 }, async () => {
    let garbled = 0;
    await using rig = await createRig({
      bmcFaults({ direction, count }) {
        if (direction === 'to-bmc' || count % 6 !== 0) return undefined;
        garbled++;
        return {
          kind: 'rewrite',
          rewrite: (data) => (count % 12 === 0 ? randomBytes(data.length) : data.subarray(0, 9)),
        };
      },
    });
    const { name } = onlyMachine(rig);
    const powered = await rig.run(name, { kind: 'power', verb: 'on' });
    expect(powered.error ?? powered.state).toBe('succeeded');
    const ipmiPorts = anyAddressPortsOf(rig.service().pid);
    expect(ipmiPorts).toHaveLength(1);
    const dropped = (reason: string): Promise<number> => rig.metric('bootwright_ipmi_dropped_total', { reason });
    await using other = await udpClient(`${rig.site.net}.181`);
    for (const size of [0, 1, 4, 16, 64, 1400, 60_000])
      for (const port of ipmiPorts) other.send(randomBytes(size), port, `${rig.site.net}.1`);
    await until('datagrams from elsewhere', async () => (await dropped('unknown-source')) === 7);
    await rig.run(name, { kind: 'power', verb: 'off' });
    expect(garbled).toBeGreaterThan(0);
    const counted =
      (await dropped('malformed')) + (await dropped('bad-integrity')) + (await dropped('unknown-session'));
    expect(counted).toBeGreaterThan(0);
    await expectAliveAndBooting(rig);
  });
});

function firmware(options: Parameters<typeof createPxeClient>[1]) {
  return createPxeClient({ udp: systemUdp, clock: systemClock, entropy: systemEntropy }, options);
}

/** Whatever was done to it, the service is up, and a machine can still be booted by it. */
async function expectAliveAndBooting(rig: Rig): Promise<void> {
  const { name } = onlyMachine(rig);
  expect((await fetch(`${rig.url}/readyz`)).status).toBe(200);
  const run = await rig.run(name, { kind: 'boot' });
  expect(run.error ?? run.state).toBe('succeeded');
  expect(rig.service().output()).not.toMatch(/"code":"bug"|threw what it should not|uncaught/i);
}

/** A DHCP request of the known machine with something broken in it. */
function brokenDhcp(): Buffer {
  const message = Buffer.alloc(300);
  message.set([1, 1, 6, 0]);
  message.set([0x52, 0x54, 0, 0x88, 0, 1], 28);
  message.set([0x63, 0x82, 0x53, 0x63, 53, 1, 1], 236);
  const way = Math.floor(Math.random() * 4);
  if (way === 0) return message.subarray(0, 200 + Math.floor(Math.random() * 40));
  if (way === 1) message.set(randomBytes(4), 236);
  else if (way === 2) message.set([82, 255, 1, 200], 243);
  else message.set([93, 1, 0, 60, 250], 243);
  return message.subarray(0, 260);
}

async function udpClient(address: string) {
  const socket: Socket = createSocket({ type: 'udp4', reuseAddr: true });
  const waiting: ((data: Buffer) => void)[] = [];
  socket.on('message', (data) => waiting.shift()?.(data));
  socket.bind(0, address);
  await once(socket, 'listening');
  return {
    send: (data: Buffer, port: number, to: string): void => socket.send(data, port, to),
    next(): Promise<Buffer> {
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
      const late = setTimeout(() => reject(new Error('no answer')), 5000);
      waiting.push((data) => {
        clearTimeout(late);
        resolve(data);
      });
      return promise;
    },
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** Sends bytes and reads until the server hangs up, or for that long. */
async function rawHttp(host: string, port: number, request: string, patienceMs = 5000): Promise<string> {
  const socket = connect({ host, port });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => socket.destroy());
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const late = setTimeout(() => socket.destroy(), patienceMs);
  socket.write(request, 'latin1');
  await closed;
  clearTimeout(late);
  return Buffer.concat(chunks).toString('latin1');
}

/** UDP ports that a process listens on at every address: the one it speaks to BMCs from. @see proc(5), /proc/net/udp */
function anyAddressPortsOf(pid: number): number[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return []; // Closed meanwhile.
      }
    }),
  );
  return readFileSync(`/proc/${pid}/net/udp`, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => inodes.has(columns[9] ?? '') && columns[1]?.startsWith('00000000:') === true)
    .map((columns) => Number.parseInt(columns[1]?.split(':')[1] ?? '', 16));
}
