import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterDiagnosis } from '../../src/domain/boot/diagnosis/findings.ts';
import type { Machine, Stage } from '../../src/domain/machine.ts';
import type { Assets } from '../../src/domain/ports/assets.ts';
import type { StrangerSightings } from '../../src/domain/ports/discovered-machines.ts';
import type { Run, RunRequest } from '../../src/domain/run.ts';
import { encodePcapHeader } from '../../src/protocols/pcap/pcap-file.ts';
import { planFor } from '../../src/runs/plans.ts';
import type { Store } from '../../src/store/store.ts';
import { bootStory } from '../support/boot-story.ts';
import { driveRun, type ScriptedRun } from './scripted-run.ts';

const NETBOOT = { netboot: { kernel: 'vmlinuz', initrds: ['initrd.img'], commandLine: 'console=ttyS0' } };

export async function order(store: Store, machine: Machine, request: RunRequest): Promise<Run> {
  const spec = request.kind === 'update' ? { ...machine.spec, ...NETBOOT } : machine.spec;
  return await store.runs.create({ machineId: machine.id, request, plan: planFor(request, spec), actor: 'alice' });
}

/** @returns its SHA-256 */
export async function uploadAsset(assets: Assets, name: string, content: string): Promise<string> {
  const data = Buffer.from(content);
  const sha256 = createHash('sha256').update(data).digest('hex');
  const begun = await assets.begin({ sha256, bytes: data.length, name });
  if ('upload' in begun) await assets.append(begun.upload.id, 0, Readable.from([data]));
  return sha256;
}

/** A machine that nobody declared, as it is heard; the first two are one machine's cards. */
export function stranger(number: number): StrangerSightings {
  const now = Date.now();
  return {
    mac: `52:54:00:99:00:0${number}`,
    facts: {
      uuids: number > 2 ? [] : ['4c4c4544-0033-4a10-8052-b4c04f4d3432'],
      architectures: [{ value: 7, name: 'x64 UEFI' }],
      client: 'pxe',
      loader: 'firmware',
      board: null,
      vendorClass: 'PXEClient:Arch:00007:UNDI:003016',
      userClasses: [],
      hostname: number === 1 ? 'Rack3 N01' : null,
      interface: 'eno1',
      relay: null,
      askedAddress: null,
    },
    ...{ firstSeenAt: now - 90_000, lastSeenAt: now - 20_000, requests: 7, boots: 2 },
  };
}

/** A network boot that got stuck at its loader a minute ago, and the one before it that got over that. */
export async function stuckBoots(store: Store, machine: Machine): Promise<void> {
  const armedAt = Date.now() - 60_000;
  const moved = <T>(value: T): T =>
    JSON.parse(JSON.stringify(value), (key, part) =>
      typeof part === 'number' && /At$|^(first|last|at|offered|told)$/.test(key) ? part + armedAt : part,
    );
  const stuck = bootStory().at(2).fourWay('firmware').tftp('asked').tftp('probed');
  const found = afterDiagnosis([], stuck.evidence, 25_000).findings;
  const over = found.map((finding) => ({ ...finding, overAt: 51_000 }));
  const base = { machineId: machine.id, packets: 17, evidence: moved(stuck.evidence), pcap: encodePcapHeader() };
  await store.bootCaptures.keep([
    { ...base, runId: 'run-a', round: 1, armedAt: armedAt - 1, endedAt: armedAt + 55_000, findings: moved(over) },
    { ...base, runId: 'run-a', round: 2, armedAt, endedAt: null, findings: moved(found) },
  ]);
}

/** Moves a machine to a stage without a run. */
export async function see(store: Store, machine: Machine, stage: Stage): Promise<void> {
  await store.timeline.append(machine.id, [
    {
      type: 'boot.asked',
      source: 'dhcp',
      stage,
      data: { protocol: 'dhcp', messageType: 'discover', loader: 'firmware' },
    },
  ]);
}

/** An update that is netbooted, unlocked, up, and in the middle of its build. */
export async function updateInBuild(store: Store, machine: Machine): Promise<ScriptedRun> {
  const run = await driveRun(store, await order(store, machine, { kind: 'update' }));
  await run.enter();
  await run.sees({ host: { kind: 'absent', why: 'timed out' }, power: 'off' }, 'off');
  await run.tell(
    { type: 'action.started', data: { label: 'power-on', attempt: 1, detail: {} } },
    { type: 'action.ended', data: { label: 'power-on', attempt: 1, tookMs: 41, result: null } },
  );
  await run.sees({ host: { kind: 'absent', why: 'timed out' }, power: 'on' }, '0');
  await run.done({ power: 'on' });
  await run.enter();
  await run.tell(
    { type: 'boot.armed', data: { attempt: 'a1', kernel: 'vmlinuz', initrds: ['initrd.img'] } },
    { type: 'boot.offered', data: { protocol: 'dhcp', file: 'undionly.kpxe' } },
    { type: 'file.served', data: { protocol: 'http', name: 'kernel', bytes: 8_231_904, tookMs: 96 } },
    { type: 'file.served', data: { protocol: 'http', name: 'initrd/0', bytes: 61_003_776, tookMs: 702 } },
  );
  await run.sees({ host: { kind: 'stage-1', fingerprint: 'SHA256:4mS1' }, kernel: true, initrds: 1 }, '1');
  await run.done();
  await run.enter();
  await run.tell(
    { type: 'step.waited', data: { why: 'for stage 1 to ask for a passphrase' } },
    { type: 'unlock.attempted', stage: '1', data: { disk: 'cryptroot', verdict: null } },
    { type: 'unlock.succeeded', stage: '1', data: { disk: 'cryptroot', verdict: 'unlocked' } },
  );
  await run.done({ disks: ['cryptroot'] });
  await run.enter();
  await run.sees({ host: { kind: 'stage-3', fingerprint: 'SHA256:9sYs' }, system: { state: 'running' } }, '3');
  await run.done({ state: 'running' });
  await run.enter();
  await run.tell({ type: 'action.started', data: { label: 'start-rebuild', attempt: 1, detail: {} } });
  await run.output('building the system configuration...\nthese 3 derivations will be built:\n');
  await run.output('  /nix/store/7q…-linux-6.12.drv\nbuilding linux-6.12 – überprüft\n');
  return run;
}

/** An unlock that met another host key than the pinned ones. */
export async function strangerAnswered(store: Store, machine: Machine): Promise<ScriptedRun> {
  const run = await driveRun(store, await order(store, machine, { kind: 'unlock' }));
  await run.enter();
  await run.sees({ host: { kind: 'stranger', seen: 'SHA256:Evil0000' } });
  await run.fail({
    code: 'host-key-changed',
    message: `the SSH host key of ${machine.spec.name} is SHA256:Evil0000, expected stage 1: SHA256:Good1111; nothing was sent to it`,
    step: 'unlock',
    hint: 'If the machine was reinstalled or its key rotated, compare the fingerprint on its console and enrol the key. Otherwise someone answers in its place.',
    lastSeen: 'an unknown host key answered (SHA256:Evil0000)',
    details: { seen: 'SHA256:Evil0000', expected: ['stage 1: SHA256:Good1111', 'stage 3: SHA256:Good3333'] },
  });
  return run;
}

/** A rebuild whose compiler gave up. */
export async function buildFailed(store: Store, machine: Machine): Promise<ScriptedRun> {
  const run = await driveRun(store, await order(store, machine, { kind: 'rebuild', action: 'switch' }));
  await run.enter();
  await run.sees({ host: { kind: 'stage-3', fingerprint: 'SHA256:9sYs' } }, '3');
  await run.done();
  await run.enter();
  const lines = ['src/main.c:12:5: error: expected ; before return', 'make: *** [Makefile:4: main.o] Error 1'];
  await run.output(`building\n${lines.join('\n')}\n`);
  await run.fail({
    code: 'build-failed',
    message:
      'nixos-rebuild switch failed with exit code 1; the machine is untouched: system profile and running system are as before',
    step: 'activate',
    hint: 'The last lines are in details.lastLines, the whole output is kept with the run.',
    details: { lastLines: lines, exitCode: 1, untouched: true },
  });
  return run;
}
