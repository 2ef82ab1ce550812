import type { Machine } from '../domain/machine.ts';
import type { BootDevice, PowerOutcome, PowerVerb } from '../domain/ports/bmc.ts';
import type { Bmcs } from '../domain/ports/bmcs.ts';
import type { JsonObject } from '../foundation/json.ts';

/** Short errands to the machine's controller, each with a session of its own. */

export async function readPower(bmcs: Bmcs, machine: Machine, signal: AbortSignal): Promise<'on' | 'off'> {
  await using bmc = await bmcs.open(machine, signal);
  return await bmc.powerState(signal);
}

/** Sends the verb once; the outcome is recorded with the act. */
export async function sendVerb(
  bmcs: Bmcs,
  machine: Machine,
  verb: PowerVerb,
  signal: AbortSignal,
): Promise<JsonObject> {
  await using bmc = await bmcs.open(machine, signal);
  const outcome: PowerOutcome = await bmc.power(verb, signal);
  return outcome.kind === 'refused' ? { outcome: 'refused', reason: outcome.reason } : { outcome: outcome.kind };
}

/** One-time override for the next boot, and what the controller reads back. */
export async function overrideBoot(
  bmcs: Bmcs,
  machine: Machine,
  device: BootDevice,
  signal: AbortSignal,
): Promise<JsonObject> {
  await using bmc = await bmcs.open(machine, signal);
  return await bmc.setBootOverride({ device, persistent: false, efi: false }, signal);
}
