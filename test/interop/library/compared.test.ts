import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { createIpmi } from '../../../src/library/create-ipmi.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import type { FaultHook } from '../../../src/simulator/bmc/faults.ts';
import { createSimulatedBmc, type SimulatedBmc } from '../../../src/simulator/bmc/simulated-bmc.ts';
import { hasTool, runTool, toolVersion } from '../ipmi/tools.ts';

// The facts that the library's page tells of other clients (ipmi.md, "Compared"): measured on the same simulated BMC.

let bmc: SimulatedBmc;
let received: number;
/** The answer to the first verb is lost. */
let loseAnswer: boolean;

const watch: FaultHook = ({ direction }) => {
  if (direction === 'to-bmc') received++;
  if (direction === 'to-bmc' || !loseAnswer || bmc.powerLog.length === 0) return undefined;
  loseAnswer = false;
  return { kind: 'drop' };
};

beforeEach(async () => {
  received = 0;
  loseAnswer = false;
  bmc = await createSimulatedBmc(
    { udp: systemUdp, clock: systemClock, entropy: systemEntropy },
    {
      users: [{ name: 'admin', password: 'secret', privilege: 4 }],
      address: '127.0.0.1',
      port: 0,
      chassis: createPlainChassis({ poweredOn: true }),
      faults: watch,
    },
    new AbortController().signal,
  );
});
afterEach(() => bmc[Symbol.asyncDispose]());

const resets = (): number => bmc.powerLog.filter(({ action }) => action === 'reset').length;
const target = () => ({ host: bmc.local.address, port: bmc.local.port, user: 'admin', password: 'secret' });

describe('bootwright/ipmi', () => {
  test('asks 5 times for a power status and the end of the session, and once in a session that is up', async () => {
    await using ipmi = createIpmi();
    const client = await ipmi.open(target());
    expect(await client.powerState()).toBe('on');
    expect(received).toBe(4);
    await client.powerState();
    expect(received).toBe(5);
    await ipmi[Symbol.asyncDispose]();
    expect(received).toBe(6);
  });

  test('resets once when the answer is lost', async () => {
    await using ipmi = createIpmi({ onceWaitMs: 1_000 });
    const client = await ipmi.open(target());
    loseAnswer = true;
    const { outcome } = await client.power('reset');
    expect(['reached', 'unknown']).toContain(outcome);
    expect(resets()).toBe(1);
  });
});

describe.skipIf(!hasTool('ipmitool'))(`ipmitool (${toolVersion('ipmitool', '-V')})`, () => {
  const ipmitool = (command: string) => {
    const { address, port } = bmc.local;
    const login = `-I lanplus -C 17 -H ${address} -p ${port} -U admin -P secret`;
    return runTool('ipmitool', [...login.split(' '), ...command.split(' ')]);
  };

  test('asks more often for a power status', async () => {
    expect((await ipmitool('chassis power status')).exitCode).toBe(0);
    expect(received).toBeGreaterThan(5);
  });

  test('resets twice when the answer is lost', async () => {
    loseAnswer = true;
    await ipmitool('chassis power reset');
    expect(resets()).toBe(2);
  });
});

describe.skipIf(!hasTool('ipmipower'))(`FreeIPMI (${toolVersion('ipmipower', '--version')})`, () => {
  const ipmipower = (command: string) => {
    const { address, port } = bmc.local;
    const login = `-D LAN_2_0 -I 17 -h ${address}:${port} -u admin -p secret`;
    return runTool('ipmipower', [...login.split(' '), command]);
  };

  test('asks more often for a power status', async () => {
    expect((await ipmipower('--stat')).output).toContain('on');
    expect(received).toBeGreaterThan(5);
  });

  test('resets twice when the answer is lost', async () => {
    loseAnswer = true;
    await ipmipower('--reset');
    expect(resets()).toBe(2);
  });
});
