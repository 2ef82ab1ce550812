/** Runs by-hand.sh against a machine of a rig: the chain without a service, to compare with. */
import { join } from 'node:path';
import type { ExecResult } from './rig/command.ts';
import type { Rig } from './rig/rig.ts';

/** One stage of the chain: how long it took, and when it ended, in seconds. */
export interface ByHandStage {
  readonly stage: string;
  readonly seconds: number;
  readonly at: number;
}

/** The outcome of a run; `stages` has what was reached, the last being `total` when all went well. */
export interface ByHandResult extends ExecResult {
  readonly stages: readonly ByHandStage[];
}

/**
 * Takes machine `index` of a rig through the whole chain with ipmitool, dnsmasq, an HTTP server and ssh.
 * @param flavour the stage 1 that is netbooted; the disk's own is initramfs
 * @param onStage told each stage as it ends
 */
export async function runByHand(
  rig: Rig,
  index = 1,
  flavour: 'initramfs' | 'systemd' = 'initramfs',
  onStage: (stage: ByHandStage) => void = () => undefined,
): Promise<ByHandResult> {
  const machine = rig.machine(index);
  const stages: ByHandStage[] = [];
  let rest = '';
  const result = await rig.exec(['bash', join(import.meta.dirname, 'by-hand.sh')], {
    env: {
      ...{
        IMAGE: rig.image.dir,
        FLAVOUR: flavour,
        MAC: machine.mac,
        MACHINE_IP: machine.ip,
        SERVICE_IP: rig.service.lan,
      },
      ...{ BMC_HOST: machine.bmc.host, BMC_USER: machine.bmc.user, BMC_PASSWORD: machine.bmc.password },
      ...{ EVENTS: machine.paths.events, LOGS: join(machine.paths.dir, 'by-hand') },
    },
    onOutput: (text, stream) => {
      if (stream === 'stderr') return;
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const stage = JSON.parse(line) as ByHandStage; // our own script's
        stages.push(stage);
        onStage(stage);
      }
    },
  });
  return { ...result, stages };
}
