/** One machine of a rig, and the faults that can be put into it. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BMC_CREDENTIALS, bmcAddressOf, ipOf, macOf, uuidOf } from './addresses.ts';
import { configureBmc } from './bmc.ts';
import { must } from './command.ts';
import { type HardwareEvent, powerVerbs, readEvents } from './events.ts';
import { addMachine, type RigNetwork, setCable } from './network.ts';
import { endChild, startDaemon } from './owned.ts';
import type { Firmware, HardwareConfig } from './qemu-command.ts';

/** A machine, powered off until its BMC is told otherwise. */
export interface LabMachine {
  /** `m1`, `m2`, …: its DMI serial number, and its host name once it is up. */
  readonly name: string;
  readonly index: number;
  readonly mac: string;
  readonly uuid: string;
  /** The address that the service under test has to give it by DHCP. */
  readonly ip: string;
  readonly bmc: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    /** A second user, with OPERATOR privilege. */
    readonly operator: { readonly user: string; readonly password: string };
  };
  readonly paths: Readonly<
    Record<'dir' | 'disk' | 'console' | 'events' | 'qemuLog' | 'hardwareLog' | 'bmcLog', string>
  >;
  /** What the hardware has seen and done so far. */
  readonly events: () => HardwareEvent[];
  /** The power verbs that the BMC executed so far. */
  readonly powerVerbs: () => ReturnType<typeof powerVerbs>;
  /** Whether it runs, by its hardware; nobody is asked over IPMI. */
  readonly isOn: () => boolean;
  /** All that its serial console has printed. */
  readonly console: () => string;
  /** The firmware from its next POST on. */
  readonly setFirmware: (firmware: Firmware) => void;
  /** What its temperature sensor reads, in degrees Celsius; from 80 on the BMC logs events. */
  readonly setTemperature: (celsius: number) => void;
  /** The machine dies: its QEMU is killed. It is off then, and can be powered on again. */
  readonly killHardware: () => void;
  /** The BMC's program dies: its port is closed (the sender gets ICMP port unreachable). */
  readonly bmcGone: () => Promise<void>;
  /** The BMC hangs: what is sent to it is never answered. Until `bmcBack`, when it answers all that waited. */
  readonly bmcDeaf: () => void;
  /** The BMC is there again, with its persistent state; the machine's power was not touched. */
  readonly bmcBack: () => Promise<void>;
  readonly cableOut: () => Promise<void>;
  readonly cableIn: () => Promise<void>;
}

/** What a rig needs of its machine beyond what tests see. */
export interface OwnedMachine extends LabMachine {
  /** Powers off and ends the machine's processes. */
  readonly end: () => Promise<void>;
}

/** How machine `index` (from 1) is made. */
export interface MachinePlan {
  readonly index: number;
  readonly firmware: Firmware;
  readonly memoryMb: number;
  /** The rig's folder; the machine's is inside. */
  readonly dir: string;
  /** The image's disk, which the machine's disk is an overlay of. */
  readonly disk: string;
  /** Use the disk that is in the machine's folder, if there is one. */
  readonly keepDisk: boolean;
}

/** Makes a machine and starts its hardware and its BMC. */
export async function startMachine(net: RigNetwork, plan: MachinePlan): Promise<OwnedMachine> {
  const { index } = plan;
  const name = `m${index}`;
  const dir = join(plan.dir, name);
  const at = (file: string) => join(dir, file);
  const hardware: HardwareConfig = {
    ...{ name, index, dir, memoryMb: plan.memoryMb },
    ...{ systemInterfacePort: 9200 + index, serialPort: 9300 + index },
  };
  mkdirSync(dir, { recursive: true });
  await addMachine(net, index);
  await makeDisk(at, plan);
  writeFileSync(at('machine.json'), JSON.stringify(hardware));
  writeFileSync(at('firmware'), plan.firmware);
  writeFileSync(at('boot'), 'none');
  writeFileSync(at('console.log'), '', { flag: 'a' });
  const bmcCommand = await configureBmc(hardware);

  rmSync(at('hardware.pid'), { force: true });
  const body = startDaemon(
    net.labNamespace,
    [process.execPath, join(import.meta.dirname, 'hardware.ts'), dir],
    dir,
    at('hardware.log'),
  );
  await appeared(at('hardware.pid'), body, at('hardware.log'));
  const startBmc = () => startDaemon(net.labNamespace, bmcCommand, dir, at('ipmi_sim.log'));
  let bmc: ChildProcess = startBmc();

  return {
    ...{ name, index, mac: macOf(index), uuid: uuidOf(index), ip: ipOf(index) },
    bmc: { host: bmcAddressOf(index), port: 623, ...BMC_CREDENTIALS.administrator, operator: BMC_CREDENTIALS.operator },
    paths: {
      ...{ dir, disk: at('disk.qcow2'), console: at('console.log'), events: at('events.log') },
      ...{ qemuLog: at('qemu.log'), hardwareLog: at('hardware.log'), bmcLog: at('ipmi_sim.log') },
    },
    events: () => readEvents(at('events.log')),
    powerVerbs: () => powerVerbs(readEvents(at('events.log'))),
    isOn: () => existsSync(at('qemu.pid')),
    console: () => readFileSync(at('console.log'), 'utf8'),
    setFirmware: (firmware) => writeFileSync(at('firmware'), firmware),
    setTemperature: (celsius) => writeFileSync(at('temp'), `${celsius}\n`),
    killHardware: () => {
      if (existsSync(at('qemu.pid'))) process.kill(Number(readFileSync(at('qemu.pid'), 'utf8')), 'SIGKILL');
    },
    bmcGone: () => endChild(bmc, 0),
    bmcDeaf: () => {
      bmc.kill('SIGSTOP');
    },
    bmcBack: async () => {
      if (bmc.exitCode === null && bmc.signalCode === null) bmc.kill('SIGCONT');
      else bmc = startBmc();
    },
    cableOut: () => setCable(net, index, 'down'),
    cableIn: () => setCable(net, index, 'up'),
    end: async () => {
      await endChild(bmc, 0);
      await endChild(body, 5000);
    },
  };
}

/** The disk as the image has it, and fresh UEFI variables with it. */
async function makeDisk(at: (file: string) => string, plan: MachinePlan): Promise<void> {
  if (plan.keepDisk && existsSync(at('disk.qcow2'))) return;
  await must(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', plan.disk, at('disk.qcow2')]);
  await copyFile('/usr/share/OVMF/OVMF_VARS_4M.fd', at('ovmf-vars.fd'));
}

/** Waits for a file that a child makes when it is ready. */
async function appeared(path: string, child: ChildProcess, log: string): Promise<void> {
  for (let attempt = 0; !existsSync(path); attempt++) {
    if (child.exitCode !== null || attempt === 300)
      throw new Error(`no ${path}: ${readFileSync(log, 'utf8').slice(-2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
