import ssh2, { type ParsedKey } from 'ssh2';
import type { Clock } from '../../foundation/clock.ts';
import type { Entropy } from '../../foundation/entropy.ts';
import type { Log } from '../../foundation/log.ts';
import { type ReceivedPassphrase, startEncryptedDisks } from '../ssh/encrypted-disks.ts';
import { initramfsShell, systemdInitrdShell } from '../ssh/initrd-shell.ts';
import {
  createRebuildJobs,
  type RebuildBehaviour,
  type RebuildJobs,
  type StartedRebuild,
} from '../ssh/rebuild-jobs.ts';
import { openSshServer, type RemoteShell, type SshServer } from '../ssh/ssh-server.ts';
import { type SimulatedSystem, systemShell } from '../ssh/system-shell.ts';
import type { Generations } from './generations.ts';
import type { MachineTimings, NetbootResult, SimulatedMachineSpec } from './spec.ts';

/** What a simulated machine is doing. */
export type MachinePhase = 'off' | 'firmware' | 'netboot' | 'kernel' | 'stage-1' | 'stage-2' | 'stage-3' | 'hung';

export type BootParts = {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly spec: SimulatedMachineSpec;
  readonly timings: MachineTimings;
  readonly generations: Generations;
  readonly enter: (phase: MachinePhase, detail: string) => void;
  readonly onReceived: (received: ReceivedPassphrase) => void;
  readonly onRebuild: (rebuild: StartedRebuild) => void;
  readonly onServer: (stage: 1 | 3, server: SshServer) => void;
  readonly onJobs: (jobs: RebuildJobs) => void;
  /** Begins an orderly reboot. */
  readonly reboot: () => void;
};

/**
 * One boot from the kernel's start on: stage 1 until the disks are open, the gap, stage 3 until the signal fires.
 * @param netbooted absent: from the machine's own disk
 */
export async function liveBoot(
  parts: BootParts,
  netbooted: NetbootResult | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { clock, entropy, spec, timings, generations, enter } = parts;
  const bootId = uuid(entropy);
  const bootedAt = clock.elapsed();
  const commandLine = netbooted?.commandLine ?? `root=/dev/mapper/root init=${generations.bootDefault()}/init`;
  enter('kernel', netbooted === undefined ? 'from disk' : 'from the network');
  await clock.sleep(timings.kernelMs, signal);

  if (spec.disks.length > 0) {
    const flavour = netbooted?.flavour ?? spec.diskFlavour;
    const disks = startEncryptedDisks(
      { clock, entropy },
      {
        bootId,
        disks: spec.disks,
        sequential: flavour === 'initramfs',
        whenExhausted: flavour === 'initramfs' ? 'ask-anew' : 'fail',
        promptMs: timings.promptMs,
        kdfMs: timings.kdfMs,
        onReceived: parts.onReceived,
      },
      signal,
    );
    const boot = { clock, bootId, commandLine, bootedAt, disks, replyTool: spec.replyTool ?? true };
    const shell = flavour === 'initramfs' ? initramfsShell(boot) : systemdInitrdShell(boot);
    await using _server = await openServer(
      parts,
      1,
      flavour === 'initramfs' ? 'dropbear_2022.83' : 'OpenSSH_9.9',
      shell,
    );
    enter('stage-1', `${flavour}, boot_id ${bootId}`);
    await disks.allOpen;
    await clock.sleep(timings.lingerMs, signal);
  }

  enter('stage-2', '');
  const toplevel = bootedToplevel(commandLine, generations);
  const fate = generations.fateOf(toplevel);
  if (fate === 'never-comes-up') {
    enter('hung', toplevel);
    return;
  }
  await clock.sleep(timings.stage2Ms, signal);
  await liveSystem(parts, bootId, toplevel, fate === 'comes-up-degraded', signal);
}

async function liveSystem(
  parts: BootParts,
  bootId: string,
  toplevel: string,
  degraded: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { clock, spec, timings, generations, enter } = parts;
  let current = toplevel;
  let state = 'starting';
  const userManagers = new Map<string, string>(spec.sessionUser === undefined ? [] : [[spec.sessionUser, 'inactive']]);
  const system = (): SimulatedSystem => ({
    bootId,
    state,
    failedUnits: state === 'degraded' ? ['broken.service'] : [],
    booted: toplevel,
    current,
    profile: generations.profile(),
    userManagers,
  });
  const jobs = createRebuildJobs(
    clock,
    {
      behaviour: (attribute) => spec.rebuilds?.[attribute] ?? ordinaryBuild(spec.rebuildMs ?? 300),
      flags: spec.rebuildFlags ?? ['--elevate', '--flake', '--no-reexec', '--refresh', '--store-path'],
      onStarted: parts.onRebuild,
      onBuilt({ action, attribute }) {
        if (action !== 'boot' && action !== 'switch' && action !== 'test') return;
        const built = generations.build(attribute);
        if (action !== 'test') generations.setProfile(built);
        const fails = spec.rebuilds?.[attribute]?.outcome === 'switch-fails';
        if (action !== 'test' && !fails) generations.setBootDefault(built);
        if (action !== 'boot' && !fails) current = built;
      },
    },
    signal,
  );
  parts.onJobs(jobs);
  await using _server = await openServer(
    parts,
    3,
    'OpenSSH_9.9',
    systemShell({ system, jobs, reboot: parts.reboot, fileAt: spec.fileAt }),
  );
  enter('stage-3', toplevel);
  await clock.sleep(timings.servicesMs, signal);
  state = degraded ? 'degraded' : 'running';
  await clock.sleep(timings.sessionMs, signal);
  if (spec.sessionUser !== undefined) userManagers.set(spec.sessionUser, 'active');
  await new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    if (signal.aborted) reject(signal.reason);
  });
}

async function openServer(parts: BootParts, stage: 1 | 3, ident: string, shell: RemoteShell): Promise<SshServer> {
  const { spec, log, onServer } = parts;
  const server = await openSshServer(log, {
    address: spec.address,
    port: stage === 1 ? spec.ports.stage1 : spec.ports.stage3,
    hostKey: stage === 1 ? spec.hostKeys.stage1 : spec.hostKeys.stage3,
    authorizedKeys: spec.authorizedKeys.map(parsedKey),
    ident,
    shell,
  });
  onServer(stage, server);
  return server;
}

function parsedKey(text: string): ParsedKey {
  const key: unknown = ssh2.utils.parseKey(text);
  if (key instanceof Error) throw key;
  // The package's types leave out that some formats give an array.
  return (Array.isArray(key) ? key[0] : key) as ParsedKey;
}

/** `init=` or `systemConfig=` of the command line where that generation is on the disk, else what the profile names. */
function bootedToplevel(commandLine: string, generations: Generations): string {
  for (const word of commandLine.split(' ')) {
    const named = /^(?:init|systemConfig)=(.*?)(?:\/init)?$/.exec(word)?.[1];
    if (named !== undefined && generations.has(named)) return named;
  }
  return generations.profile();
}

function ordinaryBuild(durationMs: number): RebuildBehaviour {
  return {
    outcome: 'builds',
    durationMs,
    lines: ['building the system configuration...', 'updating the boot loader...'],
  };
}

/** A random UUID, version 4, as the kernel's random/boot_id. */
function uuid(entropy: Entropy): string {
  const bytes = entropy.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
