import type { Clock } from '../foundation/clock.ts';
import type { Entropy } from '../foundation/entropy.ts';
import { RefusedError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import type { Udp } from '../foundation/udp.ts';
import { createSimulatedBmc, type SimulatedBmc, type SimulatedBmcOptions } from './bmc/simulated-bmc.ts';
import { createSimulatedMachine, type SimulatedMachine } from './machine/simulated-machine.ts';
import type { SimulatedMachineSpec } from './machine/spec.ts';
import type { PxeClientOptions } from './pxe-client/options.ts';
import { createPxeClient } from './pxe-client/pxe-client.ts';
import type { SimulatedFlavour } from './ssh/initrd-shell.ts';

export type RackParts = { readonly udp: Udp; readonly clock: Clock; readonly entropy: Entropy; readonly log: Log };

export type RackedMachineOptions = {
  readonly machine: SimulatedMachineSpec;
  /** Its controller; the chassis is the machine's own. */
  readonly bmc: Omit<SimulatedBmcOptions, 'chassis'>;
  /** Its network boot. Absent: it boots from disk only. */
  readonly pxe?: PxeClientOptions;
  /** Which stage 1 an initrd is, by its SHA-256; undefined for one this machine cannot boot. */
  flavourOf(sha256: string): SimulatedFlavour | undefined;
};

/** A simulated machine with its controller and its network boot, as it stands in a rack: off. */
export type RackedMachine = AsyncDisposable & { readonly machine: SimulatedMachine; readonly bmc: SimulatedBmc };

/** Puts the pieces together: what the BMC is told moves the machine, and its firmware boots over the network. */
export async function rackMachine(
  parts: RackParts,
  options: RackedMachineOptions,
  signal: AbortSignal,
): Promise<RackedMachine> {
  const { pxe, flavourOf } = options;
  const client = pxe === undefined ? undefined : createPxeClient(parts, pxe);
  const netboot = async (during: AbortSignal) => {
    if (client === undefined) throw new RefusedError('this machine has no network boot');
    const { commandLine, initrds } = await client.boot(during);
    const flavour = flavourOf(initrds[0]?.sha256 ?? '');
    if (flavour === undefined) throw new RefusedError('this initrd is none that the machine can boot');
    return { commandLine, flavour };
  };
  const machine = createSimulatedMachine(client === undefined ? parts : { ...parts, netboot }, options.machine);
  const bmc = await createSimulatedBmc(parts, { ...options.bmc, chassis: machine.chassis }, signal);
  return {
    machine,
    bmc,
    async [Symbol.asyncDispose]() {
      await bmc[Symbol.asyncDispose]();
      await machine[Symbol.asyncDispose]();
    },
  };
}
