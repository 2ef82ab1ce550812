/** A rig: machines with their BMCs in a network of their own, and a place in it for the service under test. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { RUN } from '../cache.ts';
import { ensureImage, type LabImage } from '../image/image.ts';
import { SERVICE } from './addresses.ts';
import { type ExecOptions, type ExecResult, exec } from './command.ts';
import { type LabMachine, type OwnedMachine, startMachine } from './machine.ts';
import { layNetwork, planNetwork, type RigNetwork } from './network.ts';
import { endChild } from './owned.ts';
import { cleanLeftovers, recordOwner, removeRig } from './owner.ts';
import { ensurePackages } from './packages.ts';
import type { Firmware } from './qemu-command.ts';

/** What a rig is made of. */
export interface RigOptions {
  /** One entry a machine. Default: one with BIOS. */
  readonly machines?: readonly { readonly firmware?: Firmware }[];
  /** Memory of each machine in MiB. Default 1024; 768 is enough for a boot, not for both initrd flavours. */
  readonly memoryMb?: number;
  /** Folder of disks and logs. Default: a new one in the cache. */
  readonly dir?: string;
  /** Use the disks that are in `dir`, and leave them there when the rig goes down. Default false: as the image has them. */
  readonly keepDisks?: boolean;
  /** Told the progress, a line at a time. Default: nobody. */
  readonly say?: (line: string) => void;
}

/** A rig that is up. It goes down with `down()`, `await using`, and with its owner. */
export interface Rig extends AsyncDisposable {
  readonly id: string;
  /** Logs of each machine in `m1`, `m2`, …; they stay after `down`. */
  readonly dir: string;
  readonly image: LabImage;
  readonly network: RigNetwork;
  /** The service's addresses on the machines' LAN (eth0), the BMCs' LAN (bmc0), and towards the host (host0). */
  readonly service: { readonly lan: string; readonly bmc: string; readonly host: string };
  readonly machines: readonly LabMachine[];
  /** Machine `index`, from 1. */
  readonly machine: (index: number) => LabMachine;
  /** Runs a program to its end in the service's namespace. */
  readonly exec: (argv: readonly string[], options?: ExecOptions) => Promise<ExecResult>;
  /** Starts a program in the service's namespace; its pid is the program's own, and it ends with the rig. */
  readonly spawn: (argv: readonly string[], options?: SpawnOptions) => ChildProcess;
  /** Powers everything off and removes it; may be called twice. */
  readonly down: () => Promise<void>;
}

/**
 * Brings a rig up: packages and image are seen to, every machine is off, nothing serves DHCP.
 * Needs root. Leftovers of owners that died are removed first.
 * @throws Error when a package, the image or the network cannot be had; nothing is left then
 */
export async function createRig(options: RigOptions = {}): Promise<Rig> {
  if (process.getuid?.() !== 0) throw new Error('The lab makes network namespaces: run it as root');
  const say = options.say ?? (() => undefined);
  await ensurePackages(say);
  const image = await ensureImage(say);
  cleanLeftovers();

  const id = randomBytes(3).toString('hex');
  const dir = options.dir ?? join(RUN, id);
  mkdirSync(dir, { recursive: true });
  recordOwner(id, dir);
  const network = planNetwork(id);
  const machines: OwnedMachine[] = [];
  const children = new Set<ChildProcess>();
  const remove = () => {
    removeRig(id);
    if (options.keepDisks === true) return;
    for (const { paths } of machines) rmSync(paths.disk, { force: true });
  };
  const forget = onOwnersEnd(remove);

  let ending: Promise<void> | undefined;
  const end = async () => {
    await Promise.all([...children].map((child) => endChild(child, 3000)));
    await Promise.all(machines.map((machine) => machine.end()));
    remove();
    forget();
  };
  const down = () => {
    ending ??= end();
    return ending;
  };

  try {
    await layNetwork(network);
    for (const [i, { firmware = 'bios' }] of (options.machines ?? [{}]).entries()) {
      const plan = { index: i + 1, firmware, dir, disk: image.disk, keepDisk: options.keepDisks === true };
      machines.push(await startMachine(network, { ...plan, memoryMb: options.memoryMb ?? 1024 }));
      say(`m${i + 1}: ${firmware}, BMC ${machines[i]?.bmc.host}, NIC ${machines[i]?.mac}`);
    }
  } catch (error) {
    await down();
    throw error;
  }

  const inService = ['ip', 'netns', 'exec', network.serviceNamespace];
  const track = (child: ChildProcess) => {
    children.add(child);
    child.once('close', () => children.delete(child));
  };
  return {
    ...{ id, dir, image, network, machines, down },
    service: { ...SERVICE, host: network.serviceAddress },
    machine: (index) => {
      const found = machines[index - 1];
      if (found === undefined) throw new RangeError(`this rig has no machine ${index}`);
      return found;
    },
    exec: (argv, opts) => exec([...inService, ...argv], opts, track),
    spawn: (argv, opts = {}) => {
      const [ip = '', ...args] = [...inService, ...argv];
      const child = spawn(ip, args, opts);
      track(child);
      return child;
    },
    [Symbol.asyncDispose]: down,
  };
}

/**
 * Does something, synchronously, when this process ends: by itself, or by SIGINT, SIGTERM or SIGHUP.
 * @returns a function that forgets it
 */
function onOwnersEnd(act: () => void): () => void {
  const onSignal = (signal: NodeJS.Signals) => {
    act();
    forget();
    process.kill(process.pid, signal); // as if nobody had listened, unless others do
  };
  const forget = () => {
    process.off('exit', act);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  process.on('exit', act);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return forget;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
