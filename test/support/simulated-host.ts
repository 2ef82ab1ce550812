import { randomBytes } from 'node:crypto';
import type { Machine, MachineSpec } from '../../src/domain/machine.ts';
import type { Secrets } from '../../src/domain/ports/secrets.ts';
import { createHosts } from '../../src/drivers/hosts.ts';
import { createSystemBuilder } from '../../src/drivers/nixos/system-builder.ts';
import { createSecrets } from '../../src/drivers/secrets/secrets.ts';
import { createSshConnections } from '../../src/drivers/ssh/connections.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemEntropy } from '../../src/foundation/entropy.ts';
import { type Log, silentLog } from '../../src/foundation/log.ts';
import { createMeter } from '../../src/foundation/meter.ts';
import { createSimulatedMachine, type SimulatedMachine } from '../../src/simulator/machine/simulated-machine.ts';
import type { SimulatedMachineSpec } from '../../src/simulator/machine/spec.ts';
import { newSshKey, type SshKey } from '../../src/simulator/ssh/ssh-key.ts';

export const PASSPHRASE = 'planted-passphrase-5f1c';

/** A fresh key in OpenSSH format. */
export function newKey(): SshKey {
  return newSshKey(systemEntropy);
}

/** A loopback address that no other test is likely to use at the same time. */
export function ownAddress(): string {
  const [a = 1, b = 1] = randomBytes(2);
  return `127.${64 + (a % 128)}.${b}.${1 + (a % 250)}`;
}

/** A machine as the domain knows it, with nothing seen of it yet. */
export function machineOf(spec: MachineSpec): Machine {
  return {
    id: spec.name,
    spec,
    source: 'config',
    stage: 'unknown',
    stageAt: 0,
    lastSeq: 0,
    createdAt: 0,
    updatedAt: 0,
  };
}

export type SimulatedHost = AsyncDisposable & {
  readonly simulated: SimulatedMachine;
  readonly machine: Machine;
  readonly identity: SshKey;
  readonly secrets: Secrets;
  readonly hosts: ReturnType<typeof createHosts>;
  readonly builder: ReturnType<typeof createSystemBuilder>;
};

/** A simulated machine, its declaration, and drivers that reach it. */
export function createSimulatedHost(
  options: {
    readonly simulated?: Partial<SimulatedMachineSpec>;
    readonly machine?: Partial<MachineSpec>;
    readonly environment?: Readonly<Record<string, string>>;
    readonly log?: Log;
  } = {},
): SimulatedHost {
  const { log = silentLog } = options;
  const keys = { stage1: newKey(), stage3: newKey() };
  const identity = newKey();
  const spec: SimulatedMachineSpec = {
    name: 'm1',
    address: ownAddress(),
    ports: { stage1: 2222, stage3: 2222 },
    hostKeys: { stage1: keys.stage1.private, stage3: keys.stage3.private },
    authorizedKeys: [identity.public],
    disks: [{ name: 'cryptroot', passphrase: PASSPHRASE }],
    diskFlavour: 'initramfs',
    sessionUser: 'ada',
    ...options.simulated,
  };
  const machine = machineOf({
    name: spec.name,
    macs: ['52:54:00:77:00:01'],
    address: spec.address,
    bmcs: [],
    stage1: { port: spec.ports.stage1, hostKeys: [keys.stage1.public], identity: 'env:IDENTITY' },
    stage3: { port: spec.ports.stage3, hostKeys: [keys.stage3.public], identity: 'env:IDENTITY' },
    disks: spec.disks.map(({ name }) => ({ name, passphrase: 'env:PASSPHRASE' })),
    rebuild: { flake: '/etc/nixos' },
    ...options.machine,
  });
  const secrets = createSecrets({
    clock: systemClock,
    log,
    environment: { IDENTITY: identity.private, PASSPHRASE, ...options.environment },
  });
  const connections = createSshConnections({ clock: systemClock, log, secrets });
  const parts = { clock: systemClock, log, secrets, meter: createMeter() };
  const simulated = createSimulatedMachine({ clock: systemClock, entropy: systemEntropy, log }, spec);
  return {
    simulated,
    machine,
    identity,
    secrets,
    hosts: createHosts({ ...parts, connections }),
    builder: createSystemBuilder({ ...parts, connections }),
    async [Symbol.asyncDispose]() {
      await connections[Symbol.asyncDispose]();
      await simulated[Symbol.asyncDispose]();
    },
  };
}

/** Repeats `look` until it gives something; tests only, against real sockets. */
export async function eventually<T>(look: () => Promise<T | undefined>, timeoutMs = 10_000): Promise<T> {
  const started = systemClock.elapsed();
  const signal = AbortSignal.timeout(timeoutMs + 1000);
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (systemClock.elapsed() - started > timeoutMs) throw new Error(`nothing within ${timeoutMs} ms`);
    await systemClock.sleep(25, signal);
  }
}
