import { join } from 'node:path';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemEntropy } from '../../src/foundation/entropy.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { createMeter } from '../../src/foundation/meter.ts';
import { systemUdp } from '../../src/foundation/udp.ts';
import { createNetboot, type NetbootOptions } from '../../src/netboot/netboot.ts';
import { openStore } from '../../src/store/store.ts';
import { ALL_MACHINES, machineAddress, machineMac, STORM_HTTP_PORT, STORM_PREFIX, STORM_SERVER } from './storm-work.ts';

// node storm-serve.ts FOLDER FILES [MAXIMUM-TRANSFERS], in a namespace of its own: our netboot over a store in SQLite on disk, with every machine
// of the storm declared, and armed with the kernel and initrd in FILES.
const [folder = '.', files = '.', maximum] = process.argv.slice(2);
const parts = { clock: systemClock, entropy: systemEntropy, log: silentLog };
await using store = await openStore(parts, { path: join(folder, 'storm.db') });
const plan = [{ step: 'netboot', params: {}, deadlineMs: 600_000 }] as const;
const boot = { kernel: 'kernel', initrds: ['initrd'], commandLine: 'console=ttyS0 ip=dhcp' };

async function declareAndArm(n: number): Promise<void> {
  const identity = { kind: 'file', path: '/nowhere' } as const;
  const stage3 = { hostKeys: [], identity };
  const spec = { name: `m${n}`, macs: [machineMac(n)], address: machineAddress(n), bmcs: [], disks: [], stage3 };
  const machine = await store.machines.declare(spec as never, 'config', 'bench');
  const run = await store.runs.create({ machineId: machine.id, request: { kind: 'boot' }, plan, actor: 'bench' });
  await store.attempts.arm({ machineId: machine.id, runId: run.id, round: 1, boot }, 3_600_000);
}
for (let n = 0; n < ALL_MACHINES; n++) await declareAndArm(n);

const options: NetbootOptions = {
  interfaces: [
    {
      name: 'eth0',
      address: { address: STORM_SERVER, prefixLength: STORM_PREFIX },
      ...{ mode: 'full', leaseSeconds: 3600, dns: [] },
    },
  ],
  http: { port: STORM_HTTP_PORT, ...(maximum === undefined ? {} : { maximumTransfers: Number(maximum) }) },
  assets: [files],
  loaders: files,
};
const meter = createMeter();
const netboot = createNetboot({ ...parts, ...store, meter, udp: systemUdp }, options);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
await netboot.run(stop.signal);
// Which counters stand where, for who runs this by hand.
console.error(JSON.stringify(meter.readings().filter(({ name }) => /drop|admission|lost/.test(name))));
