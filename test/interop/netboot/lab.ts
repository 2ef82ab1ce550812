import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServeOrder } from './serve.ts';
import { type InheritedSocket, type ServedEvents, startServing } from './serving.ts';

/** One end of a cable between two namespaces. */
export type End = { readonly host: string; readonly card: string; readonly address?: string; readonly mac?: string };

/** Hosts and cables of one's own, as namespaces and veth pairs; all of it ends with the lab. */
export type Lab = Disposable & {
  readonly folder: string;
  run(host: string, command: string, ...args: readonly string[]): ReturnType<typeof spawnSync>;
  start(host: string, command: string, ...args: readonly string[]): ChildProcess;
  /** Starts the listeners there; with sockets, as an unprivileged user who inherits them. */
  serve(host: string, order: ServeOrder, sockets?: readonly InheritedSocket[]): Promise<ServedEvents>;
  /** udhcpc's words: what it was bound to, or nothing. */
  udhcpc(host: string, card?: string, ...args: readonly string[]): string;
};

export function makeLab(cables: readonly (readonly [End, End])[]): Lab {
  const folder = mkdtempSync(join(tmpdir(), 'bw-lab-'));
  chmodSync(folder, 0o755);
  const hosts = new Set(cables.flatMap((ends) => ends.map(({ host }) => host)));
  const nameOf = (host: string): string => `bw${host}${process.pid}`;
  const children: ChildProcess[] = [];
  const ip = (...args: readonly string[]): void => void execFileSync('ip', args, { stdio: 'pipe' });
  for (const host of hosts) {
    ip('netns', 'add', nameOf(host));
    for (const setting of ['all.disable_ipv6=1', 'default.disable_ipv6=1'])
      ip('netns', 'exec', nameOf(host), 'sysctl', '-qw', `net.ipv6.conf.${setting}`);
    ip('netns', 'exec', nameOf(host), 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
    ip('-n', nameOf(host), 'link', 'set', 'lo', 'up');
  }
  for (const [a, b] of cables) {
    const peer = ['peer', 'name', b.card, 'netns', nameOf(b.host)];
    ip('-n', nameOf(a.host), 'link', 'add', a.card, 'type', 'veth', ...peer);
    for (const { host, card, address, mac } of [a, b]) {
      if (mac !== undefined) ip('-n', nameOf(host), 'link', 'set', card, 'address', mac);
      ip('-n', nameOf(host), 'link', 'set', card, 'up');
      if (address !== undefined) ip('-n', nameOf(host), 'addr', 'add', address, 'dev', card);
    }
  }
  const inside = (host: string, ...words: readonly string[]): string[] => ['netns', 'exec', nameOf(host), ...words];
  const udhcpcScript = join(folder, 'udhcpc.sh');
  writeFileSync(udhcpcScript, '#!/bin/sh\necho "$1 $ip $subnet $router $dns $serverid $lease"\n', { mode: 0o755 });

  const lab: Lab = {
    folder,
    run: (host, ...words) => spawnSync('ip', inside(host, ...words), { encoding: 'utf8', timeout: 30_000 }),
    start(host, ...words) {
      const child = spawn('ip', inside(host, ...words), { stdio: ['ignore', 'ignore', 'ignore'], cwd: folder });
      children.push(child);
      return child;
    },
    serve(host, order, sockets) {
      const place = { namespace: nameOf(host), folder, children };
      return startServing(sockets === undefined ? place : { ...place, sockets }, order);
    },
    udhcpc(host, card = 'eth0', ...args) {
      const words = ['udhcpc', '-i', card, '-n', '-q', '-f', '-t', '3', '-T', '1', '-s', udhcpcScript, ...args];
      const { stdout } = lab.run(host, 'busybox', ...words);
      return /^bound .*$/m.exec(String(stdout))?.[0] ?? '';
    },
    [Symbol.dispose]() {
      for (const child of children) child.kill('SIGKILL');
      for (const host of hosts) spawnSync('ip', ['netns', 'del', nameOf(host)]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return lab;
}
