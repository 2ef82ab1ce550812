import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRig, type Rig } from '../lab/rig/rig.ts';
import { writeLabConfig } from '../support/lab-config.ts';
import { residentMb, startService } from '../support/service-process.ts';
import { less, median, type Part } from './measure.ts';

const ROUNDS = 5;

/**
 * Cold start and memory of the service with all its listeners, beside the DHCP, TFTP and HTTP servers that the scripts
 * of `by-hand.sh` start (dnsmasq and python3), which do a part of its work.
 */
export const startPart: Part = {
  name: 'start',
  about: 'cold start to serving, and memory, beside dnsmasq and an HTTP server',
  async measure(say) {
    const folder = mkdtempSync(join(tmpdir(), 'bootwright-bench-'));
    await using rig = await createRig({ say });
    const ours: { ms: number; mb: number }[] = [];
    const peers: { ms: number; mb: number }[] = [];
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const own = join(folder, String(round));
        ours.push(await startOurs(rig, own));
        peers.push(await startPeers(rig));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    const peer = 'dnsmasq + python3 http.server';
    return [
      less('cold start to serving', 'ms', median(ours.map((one) => one.ms)), peer, median(peers.map((one) => one.ms))),
      less('memory when serving', 'MB', median(ours.map((one) => one.mb)), peer, median(peers.map((one) => one.mb))),
    ];
  },
};

async function startOurs(rig: Rig, folder: string): Promise<{ ms: number; mb: number }> {
  mkdirSync(folder, { recursive: true });
  const configFile = writeLabConfig(rig, { folder });
  await using service = await startService({
    configFile,
    prefix: ['ip', 'netns', 'exec', rig.network.serviceNamespace],
  });
  return { ms: service.startMs, mb: service.residentMb() };
}

/** From spawning both servers until the HTTP one answers and dnsmasq has its sockets. */
async function startPeers(rig: Rig): Promise<{ ms: number; mb: number }> {
  const started = performance.now();
  const lan = rig.service.lan;
  const dnsmasq = rig.spawn(
    [
      'dnsmasq',
      '-k',
      '-C',
      '/dev/null',
      '-p',
      '0',
      '-i',
      'eth0',
      '-I',
      'lo',
      '--bind-interfaces',
      '--user=root',
      '--pid-file',
      '--no-ping',
    ].concat([
      '--dhcp-range=10.77.0.100,10.77.0.200,10m',
      '--dhcp-leasefile=/dev/null',
      '--enable-tftp',
      `--tftp-root=${rig.image.dir}`,
    ]),
    { stdio: 'ignore' },
  );
  const http = rig.spawn(['python3', '-m', 'http.server', '8080', '--bind', lan, '--directory', rig.image.dir], {
    stdio: 'ignore',
  });
  const both = [dnsmasq, http];
  try {
    for (;;) {
      const sockets = (await rig.exec(['ss', '-Hlun', 'sport', '=', ':67'])).stdout.trim();
      const answers = (await rig.exec(['curl', '-s', '-o', '/dev/null', '-I', `http://${lan}:8080/`])).code === 0;
      if (answers && sockets !== '') break;
      if (both.some((child) => child.exitCode !== null))
        throw new Error('a peer ended at once: is dnsmasq-base installed?');
    }
    const ms = performance.now() - started;
    return { ms, mb: both.reduce((sum, child) => sum + residentMb(child.pid ?? 0), 0) };
  } finally {
    await Promise.all(
      both.map((child) => {
        const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
        child.kill();
        return closed;
      }),
    );
  }
}
