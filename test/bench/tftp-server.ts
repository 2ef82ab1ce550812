import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { createMeter } from '../../src/foundation/meter.ts';
import { systemThread } from '../../src/foundation/thread.ts';
import { systemUdp } from '../../src/foundation/udp.ts';
import { createTftpServer } from '../../src/netboot/tftp-server.ts';

// Our TFTP server as a process of its own: node tftp-server.ts ADDRESS PORT FOLDER [THREADS]. Says READY, ends with SIGTERM.
const [address = '127.0.0.1', port = '69', folder = '.', threads] = process.argv.slice(2);
const server = createTftpServer(
  {
    udp: systemUdp,
    startThread: systemThread,
    clock: systemClock,
    log: silentLog,
    meter: createMeter(),
    files: new Map(readdirSync(folder).map((name) => [name, { name, data: readFileSync(join(folder, name)) }])),
    peers: { machineAt: async () => undefined, belongsTo: async () => false },
    sightings: { saw: () => undefined, settled: async () => undefined, close: async () => undefined },
  },
  { address, port: Number(port), ...(threads === undefined ? {} : { threads: Number(threads) }) },
);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const running = server.run(stop.signal);
await server.ready;
console.log('READY');
await running;
