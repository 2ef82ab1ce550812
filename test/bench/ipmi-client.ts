import { text } from 'node:stream/consumers';
import type { Bmc } from '../../src/domain/ports/bmc.ts';
import { createIpmiBmcs, type IpmiBmcs } from '../../src/drivers/bmc/ipmi/ipmi-bmcs.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemEntropy } from '../../src/foundation/entropy.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { createMeter } from '../../src/foundation/meter.ts';
import { Secret } from '../../src/foundation/secret.ts';
import { systemUdp } from '../../src/foundation/udp.ts';

// Asks many BMCs for their power state, in a process of its own as the peers are: as the first thing that it does; with all
// sessions to set up once more, as a service that runs does after a power cut; and over the sessions that it keeps. Standard input: JSON of IpmiClientOrder; standard output: JSON of IpmiClientReport.

export type IpmiClientOrder = {
  readonly bmcs: readonly { readonly address: string; readonly port: number }[];
  readonly user: string;
  readonly password: string;
  readonly cipherSuite: number;
  /** Rounds with every session to be set up anew, after the first of the process. */
  readonly coldRounds: number;
  readonly warmRounds: number;
};

/** Milliseconds; one latency a BMC, from the call to its answer, all called at once. */
export type IpmiClientReport = {
  /** The very first round of the process, its code not compiled yet. */
  readonly firstTotal: number;
  readonly coldTotals: readonly number[];
  readonly cold: readonly number[];
  readonly warmTotals: readonly number[];
  readonly warm: readonly number[];
  /** Bytes of heap and buffers that one BMC with an idle session holds. */
  readonly bytesPerBmc: number;
  readonly sessions: number;
};

const never = new AbortController().signal;
const order = JSON.parse(await text(process.stdin)) as IpmiClientOrder;
const password = Secret.fromText(order.password);

const first = await asNew(({ opened }) => round(opened));
const colds: Awaited<ReturnType<typeof round>>[] = [];
for (let i = 1; i < order.coldRounds; i++) colds.push(await asNew(({ opened }) => round(opened)));
const report = await asNew(async ({ bmcs, opened, before }): Promise<IpmiClientReport> => {
  colds.push(await round(opened));
  const bytesPerBmc = (heldBytes() - before) / order.bmcs.length;
  const warm = [];
  for (let i = 0; i < order.warmRounds; i++) warm.push(await round(opened));
  return {
    firstTotal: first.total,
    coldTotals: colds.map((each) => each.total),
    cold: colds.flatMap((each) => each.latencies),
    warmTotals: warm.map((each) => each.total),
    warm: warm.flatMap((each) => each.latencies),
    bytesPerBmc,
    sessions: bmcs.sessions,
  };
});
process.stdout.write(JSON.stringify(report));

/** Work with a client that has no session yet and knows nothing of these BMCs; afterwards all sessions are closed. */
async function asNew<T>(
  work: (client: { readonly bmcs: IpmiBmcs; readonly opened: readonly Bmc[]; readonly before: number }) => Promise<T>,
): Promise<T> {
  const deps = { udp: systemUdp, clock: systemClock, entropy: systemEntropy, log: silentLog, meter: createMeter() };
  await using bmcs = createIpmiBmcs(deps);
  const before = heldBytes();
  const opened = await Promise.all(
    order.bmcs.map(({ address, port }) =>
      bmcs.open({ host: address, port, user: order.user, password, cipherSuites: [order.cipherSuite] }, never),
    ),
  );
  return await work({ bmcs, opened, before });
}

async function round(
  opened: readonly Bmc[],
): Promise<{ readonly total: number; readonly latencies: readonly number[] }> {
  const started = performance.now();
  const latencies = await Promise.all(
    opened.map(async (bmc) => {
      await bmc.powerState(never);
      return performance.now() - started;
    }),
  );
  return { total: performance.now() - started, latencies };
}

function heldBytes(): number {
  if (globalThis.gc === undefined) throw new Error('start with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
