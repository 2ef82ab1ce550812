import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stageTimes } from '../demo/summary.ts';
import { type ByHandStage, runByHand } from '../lab/by-hand.ts';
import { createRig } from '../lab/rig/rig.ts';
import { createApiClient } from '../support/api-client.ts';
import { writeLabConfig } from '../support/lab-config.ts';
import { startService } from '../support/service-process.ts';
import { less, type Part, type Row } from './measure.ts';

const LIMIT_MS = 15 * 60_000;
const PEER = 'by-hand.sh (ipmitool, dnsmasq, ssh)';

/** The same stretch of the chain in both: our steps, and the script's stages. */
const STRETCHES: readonly { work: string; ours: readonly string[]; peer: readonly string[] }[] = [
  {
    work: 'power-on to stage 1',
    ours: ['power-on', 'netboot'],
    peer: ['power-on', 'netboot.lease', 'netboot.script', 'netboot.kernel', 'boot.stage1'],
  },
  {
    work: 'unlock and system up',
    ours: ['unlock', 'system'],
    peer: ['boot.unlock', 'boot.stage3', 'boot.system', 'boot.session'],
  },
  { work: 'rebuild', ours: ['activate'], peer: ['rebuild'] },
  {
    work: 'reboot to session, verified',
    ours: ['reboot', 'unlock (2)', 'system (2)', 'verify', 'session', 'commit'],
    peer: [
      'reboot.post',
      'reboot.stage1',
      'reboot.unlock',
      'reboot.stage3',
      'reboot.system',
      'reboot.session',
      'verify',
    ],
  },
];

/** One machine, each chain on a fresh disk, one after the other. */
export const chainPart: Part = {
  name: 'chain',
  about: 'from power-off to a verified new generation on the lab, beside a shell script',
  async measure(say) {
    const ours = new Map((await runOurs(say)).map(({ stage, seconds }) => [stage, seconds]));
    const peer = new Map((await runPeer(say)).map(({ stage, seconds }) => [stage, seconds]));
    const sum = (times: Map<string, number>, stages: readonly string[]): number =>
      stages.reduce((total, stage) => total + (times.get(stage) ?? 0), 0);
    const rows: Row[] = STRETCHES.map((part) => less(part.work, 's', sum(ours, part.ours), PEER, sum(peer, part.peer)));
    const total = [...ours.values()].reduce((a, b) => a + b, 0);
    return [...rows, less('full chain', 's', total, PEER, peer.get('total') ?? Number.NaN)];
  },
};

async function runOurs(say: (line: string) => void): Promise<readonly { stage: string; seconds: number }[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-bench-'));
  mkdirSync(folder, { recursive: true });
  try {
    await using rig = await createRig({ say });
    const configFile = writeLabConfig(rig, {
      folder,
      machine: { rebuild: { flake: '/etc/nixos', attribute: 'next' } },
    });
    await using service = await startService({
      configFile,
      prefix: ['ip', 'netns', 'exec', rig.network.serviceNamespace],
    });
    const api = createApiClient(service.url, service.token ?? '');
    const run = await api.place(rig.machine(1).name, { kind: 'update' });
    const ended = await api.ended(run.id, LIMIT_MS);
    if (ended.state !== 'succeeded') throw new Error(`our run ${ended.state}: ${ended.error?.message}`);
    say(`ours: done; memory ${Math.round(service.residentMb())} MB`);
    return stageTimes(await api.events(run.id));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runPeer(say: (line: string) => void): Promise<readonly ByHandStage[]> {
  await using rig = await createRig({ say });
  const result = await runByHand(rig, 1, 'initramfs', ({ stage, seconds }) => say(`by hand: ${stage} ${seconds} s`));
  if (result.code !== 0) throw new Error(`by-hand.sh failed: ${result.stderr.slice(-1000)}`);
  return result.stages;
}
