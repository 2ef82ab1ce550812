import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** One half of the four-way exchange. */
export type PerfHalf = {
  readonly sent: number;
  readonly received: number;
  /** From each message to its answer, milliseconds; empty unless timestamps were asked for. */
  readonly latenciesMs: readonly number[];
};

/** What one run of perfdhcp found. */
export type PerfReport = { readonly offers: PerfHalf; readonly acks: PerfHalf };

export type PerfOrder = {
  /** Exchanges begun a second. */
  readonly rate: number;
  /** How many clients take turns. */
  readonly clients: number;
  /** How long exchanges are begun, seconds, or how many. */
  readonly seconds?: number;
  readonly exchanges?: number;
  readonly timestamps?: boolean;
};

/** So long a late answer is waited for after the last message, microseconds; as long as perfdhcp waits for any. */
const LAST_WAIT_US = 1_000_000;
/** Nothing was wrong, or exchanges were lost: both are results. */
const RESULT_CODES: readonly (number | null)[] = [0, 3];

/**
 * Asks a DHCP server as a relay of many clients would.
 * @param enter words that run a program where the clients stand
 * @throws Error when perfdhcp itself fails, or reports malformed answers
 */
export async function runPerfdhcp(
  enter: (...argv: readonly string[]) => readonly string[],
  server: string,
  { rate, clients, seconds, exchanges, timestamps = false }: PerfOrder,
): Promise<PerfReport> {
  const limits = seconds === undefined ? ['-n', `${exchanges ?? 1}`] : ['-p', `${seconds}`];
  const options = ['-4', '-l', 'eth0', '-r', `${rate}`, '-R', `${clients}`, '-W', `${LAST_WAIT_US}`, ...limits];
  const [command = '', ...args] = enter('perfdhcp', ...options, ...(timestamps ? ['-x', 't'] : []), server);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  const [out, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  if (!RESULT_CODES.includes(code)) throw new Error(`perfdhcp ended with ${code}: ${errors || out.slice(-500)}`);
  return parsePerfdhcp(out);
}

/** Reads what perfdhcp prints. @throws Error when it is no report, or tells of malformed or rejected answers */
export function parsePerfdhcp(printed: string): PerfReport {
  const malformed = Number(/^Malformed packets: (\d+)$/m.exec(printed)?.[1] ?? Number.NaN);
  if (malformed !== 0) throw new Error(`perfdhcp: ${malformed} malformed packets: ${printed.slice(0, 500)}`);
  return { offers: half(printed, 'DISCOVER-OFFER'), acks: half(printed, 'REQUEST-ACK') };
}

function half(printed: string, name: string): PerfHalf {
  const counts = section(printed, `Statistics for: ${name}`);
  const count = (what: string): number => {
    const value = new RegExp(`^${what}: (\\d+)$`, 'm').exec(counts)?.[1];
    if (value === undefined) throw new Error(`perfdhcp: no "${what}" of ${name} in ${printed.slice(0, 500)}`);
    return Number(value);
  };
  if (count('rejected leases') > 0) throw new Error(`perfdhcp: ${count('rejected leases')} leases of ${name} rejected`);
  const stamps = section(printed, `Timestamps for packets: ${name}`);
  const latenciesMs = [...stamps.matchAll(/^sent \/ received: (\d+\.\d+) \/ (\d+\.\d+)$/gm)].map(
    ([, sent, received]) => (Number(received) - Number(sent)) * 1000,
  );
  return { sent: count('sent packets'), received: count('received packets'), latenciesMs };
}

/** From a heading to the next one; nothing when it is not there. */
function section(printed: string, heading: string): string {
  const [, rest = ''] = printed.split(`***${heading}***`, 2);
  return rest.split('***', 1)[0] ?? '';
}
