import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ServeOrder } from './serve.ts';

/**
 * A real segment: namespaces for the service and for a client, joined by a veth pair, and a second network card on the
 * service that nothing must leave by. IPv6 is off in them, so that counters stand still when nobody sends.
 */
export type Segment = Disposable & {
  readonly folder: string;
  readonly mac: string;
  /** Runs a program where the client stands. */
  client(command: string, ...args: readonly string[]): ReturnType<typeof spawnSync>;
  /** Starts a program there; it ends with the segment at the latest. */
  clientStart(command: string, ...args: readonly string[]): ChildProcess;
  /** Datagrams that left by the service's other card. */
  leftElsewhere(): number;
  /** Makes one leave there, to see that they are counted. */
  pokeElsewhere(): void;
  serve(order: Omit<ServeOrder, 'machine'>): Promise<ServedEvents>;
};

export type ServedEvents = {
  readonly events: { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[];
  readonly address: string;
  /** Lets a minute pass for the service. */
  leap?(): void;
};

export const SERVICE_ADDRESS = '10.93.0.1';
export const MACHINE_ADDRESS = '10.93.0.11';
/** Where a DHCP server that is not ours stands. */
export const OTHER_DHCP_ADDRESS = '10.93.0.5';

/** Whether this machine lets us make namespaces. */
export function canMakeNamespaces(): boolean {
  const name = `bwp${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name]).status === 0;
  if (made) spawnSync('ip', ['netns', 'del', name]);
  return made;
}

/** @param station `card`: the client's end of the pair is the machine's card; `tap`: a bridge with a tap device for a virtual machine */
export function makeSegment(station: 'card' | 'tap' = 'card'): Segment {
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
  if (station === 'card') {
    ip('-n', client, 'link', 'set', 'eth0', 'address', mac);
  } else {
    ip('-n', client, 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0');
    ip('-n', client, 'tuntap', 'add', 'tap0', 'mode', 'tap');
    for (const port of ['eth0', 'tap0']) ip('-n', client, 'link', 'set', port, 'master', 'br0', 'up');
    ip('-n', client, 'addr', 'add', `${OTHER_DHCP_ADDRESS}/24`, 'dev', 'br0');
    ip('-n', client, 'link', 'set', 'br0', 'up');
  }
  for (const name of ['other0', 'other1', 'eth0']) ip('-n', service, 'link', 'set', name, 'up');
  ip('-n', client, 'link', 'set', 'eth0', 'up');
  // A client without raw sockets needs some route before the kernel sends its broadcast.
  if (station === 'card') ip('-n', client, 'route', 'add', 'default', 'dev', 'eth0');
  ip('-n', service, 'addr', 'add', '10.94.0.1/24', 'dev', 'other0');
  ip('-n', service, 'addr', 'add', `${SERVICE_ADDRESS}/24`, 'dev', 'eth0');
  ip('-n', service, 'route', 'add', 'default', 'via', '10.94.0.2');

  return {
    folder,
    mac,
    clientStart(command, ...args) {
      const child = spawn('ip', ['netns', 'exec', client, command, ...args], {
        stdio: ['ignore', 'ignore', 'inherit'],
        cwd: folder,
      });
      children.push(child);
      return child;
    },
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
    async serve(order) {
      const path = join(folder, 'order.json');
      writeFileSync(
        path,
        JSON.stringify({ ...order, machine: { mac, address: MACHINE_ADDRESS } } satisfies ServeOrder),
      );
      const script = join(import.meta.dirname, 'serve.ts');
      const child = spawn('ip', ['netns', 'exec', service, process.execPath, script, path], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      children.push(child);
      const complaints: string[] = [];
      child.stderr.on('data', (chunk) => complaints.push(String(chunk)));
      const events: ServedEvents['events'] = [];
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      createInterface(child.stdout).on('line', (line) => {
        const event = JSON.parse(line);
        if (event.type === 'ready') resolve();
        else events.push(event);
      });
      child.once('exit', (code) => reject(new Error(`service ended with ${code}: ${complaints.join('')}`)));
      await promise;
      return { events, address: SERVICE_ADDRESS };
    },
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
