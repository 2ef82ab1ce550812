import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServeOrder } from './serve.ts';
import { type ServedEvents, startServing } from './serving.ts';

/**
 * A real segment: namespaces for the service and for a client, joined by a veth pair, and a second network card on the
 * service that nothing must leave by. IPv6 is off in them, so that counters stand still when nobody sends.
 */
export type Segment = Disposable & {
  readonly folder: string;
  readonly mac: string;
  /** Runs a program where the client stands. */
  client(command: string, ...args: readonly string[]): ReturnType<typeof spawnSync>;
  /** Datagrams that left by the service's other card. */
  leftElsewhere(): number;
  /** Makes one leave there, to see that they are counted. */
  pokeElsewhere(): void;
  serve(order: Omit<ServeOrder, 'machine'>): Promise<ServedEvents>;
};

export const SERVICE_ADDRESS = '10.93.0.1';
export const MACHINE_ADDRESS = '10.93.0.11';

/** Whether this machine lets us make namespaces. */
export function canMakeNamespaces(): boolean {
  const name = `bwp${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name]).status === 0;
  if (made) spawnSync('ip', ['netns', 'del', name]);
  return made;
}

/** The client's end of the pair is the machine's card. */
export function makeSegment(): Segment {
  const [service, client] = [`bws${process.pid}`, `bwc${process.pid}`];
  const folder = mkdtempSync(join(tmpdir(), 'bw-segment-'));
  const mac = '52:54:00:77:09:01';
  const children: ChildProcess[] = [];
  const ip = (...args: readonly string[]): void => void execFileSync('ip', args, { stdio: 'pipe' });
  for (const namespace of [service, client]) {
    ip('netns', 'add', namespace);
    for (const scope of ['all', 'default'])
      ip('netns', 'exec', namespace, 'sysctl', '-qw', `net.ipv6.conf.${scope}.disable_ipv6=1`);
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
  }
  // The other card comes first, so that a wrong choice of route would show.
  ip('-n', service, 'link', 'add', 'other0', 'type', 'veth', 'peer', 'name', 'other1');
  ip('-n', service, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', client);
  ip('-n', client, 'link', 'set', 'eth0', 'address', mac);
  for (const name of ['other0', 'other1', 'eth0']) ip('-n', service, 'link', 'set', name, 'up');
  ip('-n', client, 'link', 'set', 'eth0', 'up');
  // A client without raw sockets needs some route before the kernel sends its broadcast.
  ip('-n', client, 'route', 'add', 'default', 'dev', 'eth0');
  ip('-n', service, 'addr', 'add', '10.94.0.1/24', 'dev', 'other0');
  ip('-n', service, 'addr', 'add', `${SERVICE_ADDRESS}/24`, 'dev', 'eth0');
  ip('-n', service, 'route', 'add', 'default', 'via', '10.94.0.2');

  return {
    folder,
    mac,
    client: (command, ...args) =>
      spawnSync('ip', ['netns', 'exec', client, command, ...args], { encoding: 'utf8', timeout: 30_000 }),
    leftElsewhere() {
      const path = '/sys/class/net/other0/statistics/tx_packets';
      return Number(execFileSync('ip', ['netns', 'exec', service, 'cat', path], { encoding: 'utf8' }));
    },
    pokeElsewhere() {
      // An address that resolves to nothing: the question for it is a frame, which is all that is wanted.
      spawnSync('ip', ['netns', 'exec', service, 'busybox', 'ping', '-c', '1', '-W', '1', '10.94.0.9']);
    },
    serve: (order) =>
      startServing({ namespace: service, folder, children }, { ...order, machine: { mac, address: MACHINE_ADDRESS } }),
    [Symbol.dispose]() {
      for (const child of children) child.kill('SIGKILL');
      for (const namespace of [service, client]) spawnSync('ip', ['netns', 'del', namespace]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
