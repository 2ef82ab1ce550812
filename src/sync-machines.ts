import type { MachineSpec } from './domain/machine.ts';
import type { Machines } from './domain/ports/machines.ts';
import { ConflictError } from './foundation/errors.ts';
import { canonicalJson, type Json } from './foundation/json.ts';
import type { Log } from './foundation/log.ts';

const ACTOR = 'configuration';

/**
 * Makes the inventory follow the configuration file: new machines are declared, changed ones changed, vanished ones
 * removed. Machines of the API are left alone; one whose name the file now claims becomes the file's.
 * @throws ConflictError when a machine of the API has a MAC address that the file claims for another
 */
export async function syncMachines(machines: Machines, specs: readonly MachineSpec[], log: Log): Promise<void> {
  const existing = new Map((await machines.list()).map((machine) => [machine.spec.name, machine]));
  const wanted = new Set(specs.map((spec) => spec.name));
  // First the vanished ones: what they held (MAC addresses) may be claimed by those that come.
  for (const machine of existing.values()) {
    if (machine.source !== 'config' || wanted.has(machine.spec.name)) continue;
    try {
      await machines.remove(machine.id, ACTOR);
      log.info({ machine: machine.spec.name }, 'machine removed: it is no longer in the configuration');
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      log.warn(
        { machine: machine.spec.name },
        'machine is no longer in the configuration, and is kept until its run has ended',
      );
    }
  }
  for (const spec of specs) {
    const known = existing.get(spec.name);
    if (known === undefined) await machines.declare(spec, 'config', ACTOR);
    else if (known.source !== 'config' || !sameSpec(known.spec, spec))
      await machines.change(known.id, spec, 'config', ACTOR);
  }
}

function sameSpec(a: MachineSpec, b: MachineSpec): boolean {
  return canonicalJson(JSON.parse(JSON.stringify(a)) as Json) === canonicalJson(JSON.parse(JSON.stringify(b)) as Json);
}
