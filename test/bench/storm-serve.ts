import { join } from 'node:path';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemEntropy } from '../../src/foundation/entropy.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { createMeter } from '../../src/foundation/meter.ts';
import { systemUdp } from '../../src/foundation/udp.ts';
import { createNetboot, type NetbootOptions } from '../../src/netboot/netboot.ts';
import { openStore } from '../../src/store/store.ts';
import {
  ALL_MACHINES,
  machineAddress,
  machineMac,
  STORM_HTTP_PORT,
  STORM_PREFIX,
  STORM_SERVER,
  STORM_STORE,
} from './storm-work.ts';

// node storm-serve.ts prepare FOLDER: writes the store, with every machine of the storm declared and armed, and ends.
// node storm-serve.ts FOLDER FILES [MAXIMUM-TRANSFERS], in a namespace of its own: our netboot over that store, in SQLite on disk, and the
// kernel and initrd in FILES.
const words = process.argv.slice(2);
const isPreparing = words[0] === 'prepare';
const [folder = '.', files = '.', maximum] = isPreparing ? words.slice(1) : words;
const parts = { clock: systemClock, entropy: systemEntropy, log: silentLog };
await using store = await openStore(parts, { path: join(folder, STORM_STORE) });
const plan = [{ step: 'netboot', params: {}, deadlineMs: 600_000 }] as const;
const boot = { kernel: 'kernel', initrds: ['initrd'], commandLine: 'console=ttyS0 ip=dhcp' };

async function declareAndArm(n: number): Promise<void> {
  const identity = { kind: 'file', path: '/nowhere' } as const;
  const stage3 = { hostKeys: [], identity };
  const spec = { name: `m${n}`, macs: [machineMac(n)], address: machineAddress(n), bmcs: [], disks: [], stage3 };
  const machine = await store.machines.declare(spec as never, 'config', 'bench');
  const run = await store.runs.create({ machineId: machine.id, request: { kind: 'boot' }, plan, actor: 'bench' });
  await store.attempts.arm({ machineId: machine.id, runId: run.id, round: 1, boot }, 6 * 3_600_000);
}

async function serve(): Promise<void> {
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  const meter = createMeter();
  await createNetboot({ ...parts, ...store, meter, udp: systemUdp }, options).run(stop.signal);
  // Which counters stand where, for who runs this by hand.
  console.error(JSON.stringify(meter.readings().filter(({ name }) => /drop|admission|lost/.test(name))));
}

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
if (isPreparing) for (let n = 0; n < ALL_MACHINES; n++) await declareAndArm(n);
else await serve();
