import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEnvironment } from '../../src/config/environment.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemEntropy } from '../../src/foundation/entropy.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { createMeter } from '../../src/foundation/meter.ts';
import { systemUdp } from '../../src/foundation/udp.ts';
import { createNetboot } from '../../src/netboot/netboot.ts';
import { netbootSockets } from '../../src/netboot/options.ts';
import { openStore } from '../../src/store/store.ts';

// node test/bench/dhcp-serve.ts FOLDER, in a namespace with eth0 at 10.80.0.1/16: a pool for anyone, leases in SQLite on
// disk, for perfdhcp to ask.
const folder = process.argv[2] ?? '.';
for (const name of ['undionly.kpxe', 'ipxe.efi', 'snponly.efi']) writeFileSync(join(folder, name), name);
const parts = { clock: systemClock, entropy: systemEntropy, log: silentLog };
await using store = await openStore(parts, { path: join(folder, 'bench.db') });
const address = { address: '10.80.0.1', prefixLength: 16 };
const pool = { from: '10.80.1.0', to: '10.80.250.0', anyone: true };
const own = { name: 'eth0', address, mode: 'full', leaseSeconds: 3600, dns: [], pool } as const;
const sockets = netbootSockets(readEnvironment().inheritedSockets);
const options = { interfaces: [own], sockets, http: { port: 8480 }, assets: [], loaders: folder };
const meter = createMeter();
const netboot = createNetboot({ ...parts, ...store, meter, udp: systemUdp }, options);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
await netboot.run(stop.signal);
console.error(JSON.stringify(meter.readings().filter(({ name }) => name.includes('drop'))));
