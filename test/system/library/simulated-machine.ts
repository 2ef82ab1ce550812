import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { type Chassis, createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import { createSimulatedBmc, type SimulatedBmc } from '../../../src/simulator/bmc/simulated-bmc.ts';
import type { SerialLine, SerialOutput } from '../../../src/simulator/bmc/sol/serial-line.ts';

export const USER = 'admin';
export const PASSWORD = 'a pass-word';

export type SimulatedMachine = AsyncDisposable & {
  readonly bmc: SimulatedBmc;
  readonly chassis: Chassis;
  /** For the programs' environment. */
  readonly env: Readonly<Record<'BMC_HOST' | 'BMC_PORT' | 'BMC_USER' | 'BMC_PASSWORD', string>>;
};

/** A machine that echoes its serial line, behind a simulated BMC on loopback. */
export async function startSimulatedMachine(): Promise<SimulatedMachine> {
  const chassis: Chassis = { ...createPlainChassis(), serial: echoingLine() };
  const bmc = await createSimulatedBmc(
    { udp: systemUdp, clock: systemClock, entropy: systemEntropy },
    { users: [{ name: USER, password: PASSWORD, privilege: 4 }], address: '127.0.0.1', port: 0, chassis },
    new AbortController().signal,
  );
  const { address, port } = bmc.local;
  return {
    bmc,
    chassis,
    env: { BMC_HOST: address, BMC_PORT: String(port), BMC_USER: USER, BMC_PASSWORD: PASSWORD },
    [Symbol.asyncDispose]: () => bmc[Symbol.asyncDispose](),
  };
}

function echoingLine(): SerialLine {
  const listeners = new Set<(output: SerialOutput) => void>();
  return {
    onOutput(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    input(bytes) {
      const echo = Buffer.from(bytes.toString('latin1').replaceAll('\r', '\r\nmachine login: '), 'latin1');
      for (const listener of listeners) listener({ kind: 'characters', bytes: echo });
    },
    break: () => undefined,
  };
}
