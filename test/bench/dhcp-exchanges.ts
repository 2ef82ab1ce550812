import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemEntropy } from '../../src/foundation/entropy.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { createMeter } from '../../src/foundation/meter.ts';
import { systemUdp } from '../../src/foundation/udp.ts';
import { createNetboot, type NetbootOptions } from '../../src/netboot/netboot.ts';
import { ipv4FromNumber, ipv4ToNumber } from '../../src/protocols/dhcp/ipv4.ts';
import { openStore } from '../../src/store/store.ts';
import { type DhcpLoad, type DhcpLoadResult, loadMac } from './dhcp-load.ts';

// node test/bench/dhcp-exchanges.ts [clients] [window]
// Four-way exchanges a second over loopback, leases in SQLite on disk, as a relay would bring the clients: once with
// machines that have their address reserved, once with their second cards, which get one of the pool, and once with strangers.
const clients = Number(process.argv[2] ?? 3000);
const window = Number(process.argv[3] ?? 100);
const [server, relay] = ['127.90.0.1', '127.90.0.2'];
const address = (n: number): string => ipv4FromNumber(ipv4ToNumber('127.90.8.0') + n);

const folder = mkdtempSync(join(tmpdir(), 'bw-dhcp-bench-'));
for (const name of ['undionly.kpxe', 'ipxe.efi', 'snponly.efi']) writeFileSync(join(folder, name), name);
const parts = { clock: systemClock, entropy: systemEntropy, log: silentLog };
const store = await openStore(parts, { path: join(folder, 'bench.db') });
const colons = (hex: string): string => hex.replace(/(..)(?=.)/g, '$1:');
for (let n = 0; n < clients; n++) {
  const macs = [colons(loadMac('0200', n)), colons(loadMac('0201', n))];
  const identity = { kind: 'file', path: '/nowhere' } as const;
  const spec = { name: `m${n}`, macs, address: address(n), bmcs: [], disks: [], stage3: { hostKeys: [], identity } };
  await store.machines.declare(spec as never, 'config', 'bench');
}
const pool = {
  from: '127.90.128.0',
  to: ipv4FromNumber(ipv4ToNumber('127.90.128.0') + 2 * clients + 100),
  anyone: true,
};
const options: NetbootOptions = {
  interfaces: [
    { name: 'lo', address: { address: server, prefixLength: 16 }, mode: 'full', leaseSeconds: 3600, dns: [], pool },
  ],
  http: { port: 0 },
  ports: { dhcp: 0, dhcpClient: 0, proxy: 0, tftp: 0 },
  assets: [],
  loaders: folder,
};
const meter = createMeter();
const netboot = createNetboot({ ...parts, ...store, udp: systemUdp, meter }, options);
const stop = new AbortController();
const running = netboot.run(stop.signal);
const bound = await netboot.ready;
const port = bound?.dhcp.port ?? 0;
const passes = [
  ['reserved addresses', '0200'],
  ['addresses of the pool', '0201'],
  ['reserved, again', '0200'],
  ['strangers', '0202'],
  ['strangers, again', '0202'],
] as const;
for (const [what, prefix] of passes) {
  const load: DhcpLoad = { server, port, relay, clients, window, prefix };
  const { tookMs, done, resent } = await offer(load);
  const rate = Math.round((done / tookMs) * 1000);
  console.log(`${what}: ${done} exchanges in ${Math.round(tookMs)} ms, ${rate} a second, ${resent} sent again`);
}
console.log(JSON.stringify(meter.readings().filter(({ name }) => name.includes('drop'))));
stop.abort();
await running;
await store.close();
rmSync(folder, { recursive: true });

function offer(load: DhcpLoad): Promise<DhcpLoadResult> {
  const worker = new Worker(new URL('./dhcp-load.ts', import.meta.url), { workerData: load });
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
}
