import { createSimulatedSite } from '../support/simulated-site.ts';
import type { DemoStage } from './stage.ts';

/** The same run on a simulated machine on loopback: a BMC that speaks RMCP+, a PXE client, SSH servers of both stages. */
export async function createSimulatedStage(options: { readonly flavour: string }): Promise<DemoStage> {
  const site = await createSimulatedSite({
    flavour: options.flavour === 'systemd' ? 'systemd' : 'initramfs',
    simulated: {
      timings: { postMs: 1000, kernelMs: 1000, promptMs: 500, kdfMs: 1000, stage2Ms: 500, servicesMs: 500 },
    },
  });
  return {
    configFile: site.configFile,
    machine: site.names[0] ?? '',
    prefix: [],
    powerVerbs: () => site.machines[0]?.bmc.powerLog.map(({ action }) => action) ?? [],
    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  };
}
