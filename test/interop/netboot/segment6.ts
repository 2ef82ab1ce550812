import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServeOrder } from './serve.ts';
import { type ServedEvents, startServing } from './serving.ts';

const SOCKET = { name: 'dhcpv6.eth0', device: 'eth0', port: 547, family: 6 } as const;
export const SERVICE_ADDRESS6 = 'fd00:93::1';
export const SERVICE_ADDRESS4 = '10.93.6.1';
export const MAC6 = '52:54:00:77:06:01';
/** What our address plan makes of it. */
export const MACHINE_ADDRESS6 = 'fd00:93::5254:77:601';

/**
 * A segment with IPv6 in it: a namespace for the service and one for a client, joined by a veth pair. The client takes no router
 * advertisements by itself, so that what it has is what its DHCPv6 client gave it.
 */
export type Segment6 = Disposable & {
  readonly folder: string;
  client(command: string, ...args: readonly string[]): ReturnType<typeof spawnSync>;
  clientStart(command: string, ...args: readonly string[]): ChildProcess;
  /** Starts a program beside the service; it ends with the segment at the latest. */
  serviceStart(command: string, ...args: readonly string[]): ChildProcess;
  /** @param inherit the service runs without privilege, with a socket for DHCPv6 that was opened for it */
  serve(order: ServeOrder, inherit?: boolean): Promise<ServedEvents>;
};

/** @param station `card`: the client's end of the pair is the machine's card; `tap`: a bridge with a tap device for a virtual machine */
export function makeSegment6(station: 'card' | 'tap' = 'card'): Segment6 {
  const [service, client] = [`bw6s${process.pid}`, `bw6c${process.pid}`];
  const folder = mkdtempSync(join(tmpdir(), 'bw-segment6-'));
  chmodSync(folder, 0o755);
  const children: ChildProcess[] = [];
  const ip = (...args: readonly string[]): void => void execFileSync('ip', args, { stdio: 'pipe' });
  const set = (namespace: string, key: string, value: number): void =>
    ip('netns', 'exec', namespace, 'sysctl', '-qw', `net.ipv6.conf.${key}=${value}`);
  for (const namespace of [service, client]) {
    ip('netns', 'add', namespace);
    // Finding that nobody has an address takes a second or two that no test is about.
    for (const key of ['all.accept_dad', 'default.accept_dad', 'all.accept_ra', 'default.accept_ra'])
      set(namespace, key, 0);
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
  }
  ip('-n', service, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', client);
  if (station === 'card') {
    ip('-n', client, 'link', 'set', 'eth0', 'address', MAC6);
  } else {
    ip('-n', client, 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0', 'mcast_snooping', '0');
    ip('-n', client, 'tuntap', 'add', 'tap0', 'mode', 'tap');
    for (const port of ['eth0', 'tap0']) ip('-n', client, 'link', 'set', port, 'master', 'br0', 'up');
    ip('-n', client, 'link', 'set', 'br0', 'up');
  }
  for (const namespace of [service, client]) ip('-n', namespace, 'link', 'set', 'eth0', 'up');
  ip('-n', service, 'addr', 'add', `${SERVICE_ADDRESS4}/24`, 'dev', 'eth0');
  ip('-n', service, 'addr', 'add', `${SERVICE_ADDRESS6}/64`, 'dev', 'eth0', 'nodad');
  // A card gets its address of the link when the kernel has seen its cable, which takes up to a second.
  const linkLocal = ['-6', 'addr', 'show', 'scope', 'link', '-tentative', 'dev'];
  for (const [namespace, card] of [
    [service, 'eth0'],
    [client, station === 'card' ? 'eth0' : 'br0'],
  ] as const) {
    const until = performance.now() + 5000;
    const has = (): boolean => execFileSync('ip', ['-n', namespace, ...linkLocal, card]).includes('fe80:');
    while (!has() && performance.now() < until);
  }
  const inside = (namespace: string, words: readonly string[]): string[] => ['netns', 'exec', namespace, ...words];
  const start = (namespace: string, words: readonly string[]): ChildProcess => {
    const child = spawn('ip', inside(namespace, words), { stdio: ['ignore', 'ignore', 'inherit'], cwd: folder });
    children.push(child);
    return child;
  };

  return {
    folder,
    client: (...words) => spawnSync('ip', inside(client, words), { encoding: 'utf8', timeout: 60_000, cwd: folder }),
    clientStart: (...words) => start(client, words),
    serviceStart: (...words) => start(service, words),
    serve: (order, inherit = false) =>
      startServing({ namespace: service, folder, children, ...(inherit ? { sockets: [SOCKET] } : {}) }, order),
    [Symbol.dispose]() {
      for (const child of children) child.kill('SIGKILL');
      for (const namespace of [service, client]) spawnSync('ip', ['netns', 'del', namespace]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
