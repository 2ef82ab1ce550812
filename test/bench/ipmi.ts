import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import type { IpmiClientOrder, IpmiClientReport } from './ipmi-client.ts';
import { less, median, type Part, type Row } from './measure.ts';

const BMCS = 500;
const ROUNDS = 3;
const COLD_ROUNDS = 4;
const WARM_ROUNDS = 5;
const SUITES = [17, 3];
const USER = 'admin';
const PASSWORD = 'secret';
/** ipmitool asks one BMC a process; so many at once is what a script with xargs would do. */
const IPMITOOLS_AT_ONCE = 8;
/** What a BMC with an idle session may hold in memory, from the design; there is no peer that keeps sessions. */
const TARGET_KB = 30;

type Address = { readonly address: string; readonly port: number };

/**
 * The power status of many simulated BMCs, which run in a process of their own: by our client in a fresh process, with
 * sessions to set up and over kept ones; by ipmipower, all at once; by ipmitool, a process each. The same BMCs, suite and
 * machine, one after the other, round by round.
 */
export const ipmiPart: Part = {
  name: 'ipmi',
  about: `power status of ${BMCS} BMCs, cold and over kept sessions, beside ipmipower and ipmitool`,
  async measure(say) {
    await using fleet = await startFleet();
    const rows: Row[] = [];
    for (const suite of SUITES) {
      const ours: IpmiClientReport[] = [];
      const powers: Timed[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        ours.push(await runOurs(fleet.addresses, suite));
        powers.push(await runIpmipower(fleet.addresses, suite));
        say(
          `suite ${suite}, round ${round + 1}: ours ${median(ours.at(-1)?.coldTotals ?? []).toFixed(0)} ms, ipmipower ${powers.at(-1)?.total.toFixed(0)} ms`,
        );
      }
      const tool = await runIpmitool(fleet.addresses, suite);
      rows.push(...rowsOf(suite, ours, powers, tool));
    }
    return rows;
  },
};

/** One measurement of a peer: the whole, and when each BMC's answer was there; milliseconds. */
type Timed = { readonly total: number; readonly latencies: readonly number[] };

function rowsOf(suite: number, ours: readonly IpmiClientReport[], powers: readonly Timed[], tool: Timed): Row[] {
  const total = median(ours.flatMap((one) => one.coldTotals));
  const warm = median(ours.flatMap((one) => one.warmTotals));
  const power = median(powers.map((one) => one.total));
  const cold = ours.flatMap((one) => one.cold);
  const kept = ours.flatMap((one) => one.warm);
  const theirs = powers.flatMap((one) => one.latencies);
  const fresh = median(ours.map((one) => one.firstTotal));
  const name = `suite ${suite}, ${BMCS} BMCs`;
  return [
    less(`${name}: cold, total`, 'ms', total, 'ipmipower', power),
    less(`${name}: cold, first of the process`, 'ms', fresh, 'ipmipower', power),
    less(`${name}: cold, total`, 'ms', total, `ipmitool, ${IPMITOOLS_AT_ONCE} at once`, tool.total),
    less(`${name}: cold, p50`, 'ms', quantile(cold, 0.5), 'ipmipower', quantile(theirs, 0.5)),
    less(`${name}: cold, p99`, 'ms', quantile(cold, 0.99), 'ipmipower', quantile(theirs, 0.99)),
    less(`${name}: kept, total`, 'ms', warm, 'ipmipower', power),
    less(`${name}: kept, p50`, 'ms', quantile(kept, 0.5), 'ipmitool, one status', quantile(tool.latencies, 0.5)),
    less(`${name}: kept, p99`, 'ms', quantile(kept, 0.99), 'ipmipower', quantile(theirs, 0.99)),
    less(`${name}: held per idle BMC`, 'KB', median(ours.map((one) => one.bytesPerBmc)) / 1024, 'target', TARGET_KB),
  ];
}

async function startFleet(): Promise<AsyncDisposable & { readonly addresses: readonly Address[] }> {
  const script = join(import.meta.dirname, 'bmc-fleet.ts');
  const child = spawn(process.execPath, [script, '--count', String(BMCS), '--first', '127.77.0.1', '--port', '9623'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('READY ')) continue;
    return {
      addresses: JSON.parse(line.slice('READY '.length)) as readonly Address[],
      async [Symbol.asyncDispose]() {
        child.stdin.end();
        await exited;
      },
    };
  }
  throw new Error('the simulated BMCs did not start');
}

async function runOurs(bmcs: readonly Address[], cipherSuite: number): Promise<IpmiClientReport> {
  const script = join(import.meta.dirname, 'ipmi-client.ts');
  const child = spawn(process.execPath, ['--expose-gc', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const order: IpmiClientOrder = {
    bmcs,
    user: USER,
    password: PASSWORD,
    cipherSuite,
    coldRounds: COLD_ROUNDS,
    warmRounds: WARM_ROUNDS,
  };
  child.stdin.end(JSON.stringify(order));
  const report = (await json(child.stdout)) as IpmiClientReport;
  if (report.cold.length !== COLD_ROUNDS * bmcs.length || report.sessions !== bmcs.length)
    throw new Error('not every BMC answered');
  return report;
}

/** ipmipower prints a line when a BMC has answered, if its output is not held back by its own buffer. */
async function runIpmipower(bmcs: readonly Address[], suite: number): Promise<Timed> {
  const hosts = bmcs.map(({ address, port }) => `${address}:${port}`).join(',');
  const login = ['-D', 'LAN_2_0', '-I', String(suite), '-u', USER, '-p', PASSWORD];
  const started = performance.now();
  const child = spawn('stdbuf', ['-oL', 'ipmipower', ...login, '-h', hosts, '--stat'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const latencies = await answers(child, started, /: (on|off)$/);
  if (latencies.length !== bmcs.length) throw new Error(`ipmipower had ${latencies.length} answers of ${bmcs.length}`);
  return { total: performance.now() - started, latencies };
}

async function runIpmitool(bmcs: readonly Address[], suite: number): Promise<Timed> {
  const left = [...bmcs];
  const latencies: number[] = [];
  const started = performance.now();
  const work = async (): Promise<void> => {
    for (let bmc = left.pop(); bmc !== undefined; bmc = left.pop()) {
      const begun = performance.now();
      const login = ['-I', 'lanplus', '-C', String(suite), '-H', bmc.address, '-p', String(bmc.port), '-U', USER];
      const child = spawn('ipmitool', [...login, '-P', PASSWORD, 'chassis', 'power', 'status'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [one] = await answers(child, begun, /Chassis Power is (on|off)$/);
      if (one === undefined) throw new Error(`ipmitool had no answer of ${bmc.address}`);
      latencies.push(one);
    }
  };
  await Promise.all(Array.from({ length: IPMITOOLS_AT_ONCE }, work));
  return { total: performance.now() - started, latencies };
}

/** When each line that is an answer came, in milliseconds since `started`; settles when the program has ended. */
async function answers(child: ChildProcess, started: number, answer: RegExp): Promise<readonly number[]> {
  const exited = new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve());
    child.once('error', reject);
  });
  const times: number[] = [];
  if (child.stdout) {
    for await (const line of createInterface({ input: child.stdout })) {
      if (answer.test(line)) times.push(performance.now() - started);
    }
  }
  await exited;
  return times;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
