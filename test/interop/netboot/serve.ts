import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readEnvironment } from '../../../src/config/environment.ts';
import type { FirmwareSpec } from '../../../src/domain/boot/firmware-spec.ts';
import { createRadvd } from '../../../src/drivers/router-advertisements/radvd.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { type LogFields, silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { systemThread } from '../../../src/foundation/thread.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { createForgetfulLoaderMemory } from '../../../src/netboot/boot-progress.ts';
import { routerAdvertisementsOf } from '../../../src/netboot/dhcpv6/router-advertisements.ts';
import { createNetboot, type NetbootOptions } from '../../../src/netboot/netboot.ts';
import { netbootSockets } from '../../../src/netboot/options.ts';
import { createLeapingClock } from '../../support/leaping-clock.ts';
import {
  memoryAttempts,
  memoryBootCaptures,
  memoryLeases,
  memoryMachines,
  memoryTimeline,
  sampleMachine,
} from '../../support/netboot-ports.ts';

/** What the parent process asks for, in a JSON file named by the first argument. */
export type ServeOrder = {
  readonly options: NetbootOptions;
  readonly machine: { readonly mac: string; readonly address: string; readonly address6?: string };
  /** Further ones: m2, m3, … */
  readonly further?: readonly ServeOrder['machine'][];
  /** What the first machine's firmware needs. */
  readonly firmware?: FirmwareSpec;
  /** Boots are watched; each write of the doctor is told as `capture`, and SIGUSR2 makes a minute pass. */
  readonly watched?: true;
  /** Armed when given. */
  readonly boot?: { readonly kernel: string; readonly initrds: readonly string[]; readonly commandLine: string };
  /** How long what is armed may be fetched, ms. Default ten minutes. */
  readonly bootMs?: number;
};

// The listeners as a process of their own, so that they can stand in a network namespace. Each event is a line on stdout.
const order: ServeOrder = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const [machine, ...further] = [order.machine, ...(order.further ?? [])].map(({ mac, ...addresses }, index) =>
  sampleMachine({
    name: `m${index + 1}`,
    macs: [mac],
    ...addresses,
    ...(index === 0 && order.firmware !== undefined ? { firmware: order.firmware } : {}),
  }),
);
if (machine === undefined) throw new Error('no machine is ordered');
const clock = createLeapingClock();
const { now } = clock;
process.on('SIGUSR2', () => clock.leap(60_000));
const [attempts, timeline] = [memoryAttempts(now), memoryTimeline(now)];
if (order.boot !== undefined)
  attempts.arm(machine, order.boot, order.bootMs === undefined ? {} : { expiresAt: now() + order.bootMs });
const say = (line: object): void => console.log(JSON.stringify(line));
const append = timeline.append;
// Warnings are told like events, so that a test sees them.
const log = {
  ...silentLog,
  warn: (data: LogFields, text: string) => say({ type: 'warning', data: { ...data, text } }),
};
const netboot = createNetboot(
  {
    udp: systemUdp,
    startThread: systemThread,
    clock,
    log,
    meter: createMeter(),
    machines: memoryMachines([machine, ...further]),
    attempts,
    leases: memoryLeases(),
    loaderMemory: createForgetfulLoaderMemory(),
    ...(order.watched === true ? { bootCaptures: tellingCaptures() } : {}),
    timeline: {
      ...timeline,
      append: (machineId, events) => {
        for (const { type, data } of events) say({ type, data });
        return append(machineId, events);
      },
    },
  },
  { ...order.options, sockets: netbootSockets(readEnvironment().inheritedSockets) },
);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const advertisements = routerAdvertisementsOf(order.options.interfaces);
const radvd = createRadvd(
  { clock, entropy: systemEntropy, log },
  { advertisements, folder: dirname(process.argv[2] ?? ''), path: '/usr/sbin:/usr/bin' },
);
const running = Promise.all([netboot.run(stop.signal), ...(advertisements.length > 0 ? [radvd.run(stop.signal)] : [])]);
running.catch(() => undefined);
await netboot.ready;
say({ type: 'ready', data: {} });
await running;

function tellingCaptures() {
  const captures = memoryBootCaptures();
  return {
    ...captures,
    async keep(written: Parameters<typeof captures.keep>[0]) {
      await captures.keep(written);
      for (const { pcap, evidence } of written)
        say({ type: 'capture', data: { pcap: pcap.toString('base64'), marks: Object.keys(evidence.marks) } });
    },
  };
}
