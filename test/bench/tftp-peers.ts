import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemUdp } from '../../src/foundation/udp.ts';
import { decodeTftpPacket, describeTftpPacket, encodeTftpPacket } from '../../src/protocols/tftp/packet.ts';

export const BLKSIZE = 1468;

export type Server = { readonly name: string; readonly address: string; readonly child: ChildProcess };

/** Ours first, each a process of its own that serves the files of a folder on port 69 of its own loopback address. */
export async function startServers(served: string): Promise<readonly Server[]> {
  const start = (name: string, address: string, command: string, ...args: readonly string[]): Server => {
    return { name, address, child: spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] }) };
  };
  const script = join(import.meta.dirname, 'tftp-server.ts');
  const [own, masq, hpa] = ['127.69.0.1', '127.69.0.2', '127.69.0.3'];
  const ours = start('bootwright', own, process.execPath, '--max-semi-space-size=4', script, own, '69', served);
  const dnsmasq = ['-k', '-C', '/dev/null', '-p', '0', '-a', masq, '--bind-interfaces', '--user=root', '--pid-file'];
  const servers = [
    ours,
    start('dnsmasq', masq, 'dnsmasq', ...dnsmasq, '--enable-tftp', `--tftp-root=${served}`),
    start('tftpd-hpa', hpa, 'in.tftpd', '-L', '--address', `${hpa}:69`, '-u', 'root', '-s', served),
  ];
  for (const server of servers) await listens(server);
  return servers;
}

/** Waits until the server's port is bound. */
async function listens({ name, address, child }: Server): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const bound =
      spawnSync('ss', ['-Hlun', 'src', `${address}:69`])
        .stdout.toString()
        .trim() !== '';
    if (bound) return;
    if (child.exitCode !== null) break;
    await delay(50);
  }
  throw new Error(`${name} does not listen on ${address}:69`);
}

/** What a server acknowledges of what is asked for. */
export async function negotiated({ name, address }: Server, filename: string): Promise<string> {
  const options = [
    { name: 'blksize', value: String(BLKSIZE) },
    { name: 'windowsize', value: '16' },
  ];
  const signal = AbortSignal.timeout(5000);
  const { promise, resolve } = Promise.withResolvers<string>();
  await using socket = await systemUdp.bind(
    { address: '127.69.0.9', port: 0 },
    (data, from) => {
      resolve(describeTftpPacket(decodeTftpPacket(data)));
      socket.send(encodeTftpPacket({ kind: 'error', code: 0, message: '' }), from).catch(() => undefined);
    },
    signal,
  );
  signal.addEventListener('abort', () => resolve(`nothing: ${name} is silent`), { once: true });
  await socket.send(encodeTftpPacket({ kind: 'rrq', filename, mode: 'octet', options }), { address, port: 69 });
  return await promise;
}

/** Processor time of a process and of its children that have ended, seconds. */
export function cpuSeconds(pid = 0): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0) / 100;
}

export async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill();
  await closed;
}

/** Keeps a process, its threads and what it forks later to some processors, as taskset names them. */
export function pin(pid: number | undefined, processors: string): void {
  const { status, stderr } = spawnSync('taskset', ['-acp', processors, String(pid)]);
  if (status !== 0) throw new Error(`process ${pid} cannot be kept to processors ${processors}: ${stderr}`);
}
