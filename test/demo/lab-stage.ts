import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRig } from '../lab/rig/rig.ts';
import { writeLabConfig } from '../support/lab-config.ts';
import type { DemoStage } from './stage.ts';

/** A real machine in QEMU, its disk encrypted, behind ipmi_sim, in network namespaces of its own. */
export async function createLabStage(
  options: { readonly firmware: string; readonly flavour: string },
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<DemoStage> {
  const firmware = oneOf(['bios', 'uefi', 'uefi-http'] as const, options.firmware, '--firmware');
  const flavour = oneOf(['initramfs', 'systemd'] as const, options.flavour, '--flavour');
  if (process.getuid?.() !== 0) {
    throw new Error('it makes network namespaces for the machine: run it as root, or try npm run demo -- --simulated');
  }
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-demo-'));
  const rig = await createRig({ machines: [{ firmware }], say: print });
  const dispose = async (): Promise<void> => {
    await rig.down();
    rmSync(folder, { recursive: true, force: true });
  };
  if (signal.aborted) {
    await dispose();
    throw signal.reason;
  }
  return {
    configFile: writeLabConfig(rig, { folder, flavours: [flavour] }),
    machine: rig.machine(1).name,
    prefix: ['ip', 'netns', 'exec', rig.network.serviceNamespace],
    powerVerbs: () => rig.machine(1).powerVerbs(),
    [Symbol.asyncDispose]: dispose,
  };
}

function oneOf<T extends string>(allowed: readonly T[], value: string, option: string): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new Error(`${option} is one of ${allowed.join(', ')}, not ${value}`);
  return found;
}
