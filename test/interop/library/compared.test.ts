import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ByteWriter } from '../../../src/foundation/bytes/byte-writer.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { createIpmi } from '../../../src/library/create-ipmi.ts';
import { getChassisStatus } from '../../../src/protocols/ipmi/commands/chassis/get-chassis-status.ts';
import { decodeDatagram } from '../../../src/protocols/ipmi/datagram.ts';
import {
  BMC_ADDRESS,
  encodeIpmiResponse,
  NetFn,
  REMOTE_CONSOLE_ADDRESS,
  REQUEST_SEQUENCES,
} from '../../../src/protocols/ipmi/message.ts';
import { encodeSessionV2 } from '../../../src/protocols/ipmi/session-v2.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import type { FaultHook } from '../../../src/simulator/bmc/faults.ts';
import { createSimulatedBmc, type SimulatedBmc } from '../../../src/simulator/bmc/simulated-bmc.ts';
import { hasTool, runTool, toolVersion } from '../ipmi/tools.ts';

// The facts that the library's page tells of other clients (ipmi.md, "Compared"): measured on the same simulated BMC.

let bmc: SimulatedBmc;
let received: number;
/** The answer to the first verb is lost. */
let loseAnswer: boolean;
/** Before each genuine answer come forged ones that say "off". */
let lie: boolean;

const watch: FaultHook = ({ direction, data }) => {
  if (direction === 'to-bmc') received++;
  if (direction === 'from-bmc' && lie) return { kind: 'forge', before: lies(data) };
  if (direction === 'to-bmc' || !loseAnswer || bmc.powerLog.length === 0) return undefined;
  loseAnswer = false;
  return { kind: 'drop' };
};

beforeEach(async () => {
  received = 0;
  loseAnswer = false;
  lie = false;
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

/**
 * What anybody on the path can make, who knows no key: answers to Get Chassis Status that say "off", neither signed nor
 * encrypted, with the session's id from the packet's head and every sequence number that the request may have.
 */
function lies(genuine: Buffer): readonly Buffer[] {
  const datagram = decodeDatagram(genuine);
  if (datagram.format !== 'v2.0' || datagram.session.sessionId === 0) return [];
  const { session } = datagram;
  return Array.from({ length: REQUEST_SEQUENCES }, (_unused, requesterSequence) => {
    const payload = encodeIpmiResponse({
      requesterAddress: REMOTE_CONSOLE_ADDRESS,
      requesterLun: 0,
      responderAddress: BMC_ADDRESS,
      responderLun: 0,
      netFn: NetFn.chassis + 1,
      requesterSequence,
      command: getChassisStatus.command,
      completionCode: 0,
      data: Buffer.of(0, 0, 0),
    });
    const writer = new ByteWriter(256);
    writer.bytes(Buffer.of(0x06, 0x00, 0xff, 0x07));
    encodeSessionV2({ ...session, encrypted: false, authenticated: false, payload, trailer: Buffer.alloc(0) }, writer);
    return writer.done();
  });
}

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

  test('does not believe a forged answer', async () => {
    await using ipmi = createIpmi();
    const client = await ipmi.open(target());
    lie = true;
    expect(await client.powerState()).toBe('on');
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

  test('believes a forged answer', async () => {
    lie = true;
    expect((await ipmitool('chassis power status')).output).toContain('Chassis Power is off');
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

  test('does not believe a forged answer', async () => {
    lie = true;
    expect((await ipmipower('--stat')).output).toMatch(/: on$/);
  });

  test('resets twice when the answer is lost', async () => {
    loseAnswer = true;
    await ipmipower('--reset');
    expect(resets()).toBe(2);
  });
});
