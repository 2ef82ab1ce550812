import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newSolReceiver, receiveSolPacket } from '../../../src/drivers/bmc/ipmi/sol/sol-receiver.ts';
import {
  acknowledgeSol,
  enterSolInput,
  newSolSender,
  nextSolPacket,
  solOverdue,
} from '../../../src/drivers/bmc/ipmi/sol/sol-sender.ts';
import { ByteReader } from '../../../src/foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../src/foundation/bytes/byte-writer.ts';
import { activatePayload } from '../../../src/protocols/ipmi/commands/application/activate-payload.ts';
import { deactivatePayload } from '../../../src/protocols/ipmi/commands/application/deactivate-payload.ts';
import { getChannelPayloadSupport } from '../../../src/protocols/ipmi/commands/application/get-channel-payload-support.ts';
import { getPayloadActivationStatus } from '../../../src/protocols/ipmi/commands/application/get-payload-activation-status.ts';
import { getPayloadInstanceInfo } from '../../../src/protocols/ipmi/commands/application/get-payload-instance-info.ts';
import { getUserPayloadAccess } from '../../../src/protocols/ipmi/commands/application/get-user-payload-access.ts';
import { getSolConfigurationParameters } from '../../../src/protocols/ipmi/commands/transport/get-sol-configuration-parameters.ts';
import {
  decodeSolParameter,
  describeSolParameter,
  encodeSolParameter,
} from '../../../src/protocols/ipmi/commands/transport/sol-parameter.ts';
import {
  decodeSolConsolePacket,
  decodeSolControllerPacket,
  encodeSolConsolePacket,
  encodeSolControllerPacket,
  type SolControllerPacket,
} from '../../../src/protocols/ipmi/sol/sol-packet.ts';
import { ipmiSimSol, openBmcSol, type SolBehaviour } from '../../../src/simulator/bmc/sol/sol-behaviour.ts';
import { createSeededEntropy } from '../../unit/ipmi/seeded-entropy.ts';
import { createSolRig, never, type SolRig, type WatchedConsole } from '../../unit/ipmi/sol/sol-rig.ts';
import { bits, buffer, type Codec, codec, command, flag, nothing, tryDecode, u8, u16, u32 } from './codec.ts';

fc.configureGlobal({ numRuns: 300, seed: 624 });

const header = {
  sequence: bits(4),
  acknowledgedSequence: bits(4),
  acceptedCharacters: u8,
  nack: flag,
  characters: buffer(0, 255),
};
const consolePacket = fc.record({
  ...header,
  ringIndicator: flag,
  generateBreak: flag,
  pause: flag,
  dropCarrier: flag,
  flushInbound: flag,
  flushOutbound: flag,
});
const controllerPacket: fc.Arbitrary<SolControllerPacket> = fc.record({
  ...header,
  transferUnavailable: flag,
  deactivated: flag,
  overrun: flag,
  breakDetected: flag,
});

const payload = { payloadType: bits(6), instance: bits(4) };

const codecs: readonly Codec[] = [
  codec('SOL packet of a console', consolePacket, decodeSolConsolePacket, (packet, writer) =>
    writer.bytes(encodeSolConsolePacket(packet)),
  ),
  codec('SOL packet of a controller', controllerPacket, decodeSolControllerPacket, (packet, writer) =>
    writer.bytes(encodeSolControllerPacket(packet)),
  ),
  ...command(
    activatePayload,
    fc.record({ ...payload, auxiliary: u8 }),
    fc.record(
      {
        auxiliary: buffer(4),
        inboundPayloadSize: u16,
        outboundPayloadSize: u16,
        udpPort: u16,
        vlan: u16,
      },
      { requiredKeys: ['auxiliary', 'inboundPayloadSize', 'outboundPayloadSize', 'udpPort'] },
    ),
  ),
  ...command(deactivatePayload, fc.record(payload), nothing),
  ...command(
    getPayloadActivationStatus,
    fc.record({ payloadType: bits(6) }),
    fc.record({ instanceCapacity: bits(4), activeInstances: u16 }),
  ),
  ...command(getPayloadInstanceInfo, fc.record(payload), fc.record({ sessionId: u32, information: buffer(0, 8) })),
  ...command(
    getUserPayloadAccess,
    fc.record({ channel: bits(4), userId: bits(6) }),
    fc.record({ standardPayloads: u8, oemPayloads: u8 }),
  ),
  ...command(
    getChannelPayloadSupport,
    fc.record({ channel: bits(4) }),
    fc.record({ standardPayloads: u16, sessionSetupPayloads: u16, oemPayloads: u16 }),
  ),
  ...command(
    getSolConfigurationParameters,
    fc.record({
      revisionOnly: flag,
      channel: bits(4),
      parameter: u8,
      setSelector: u8,
      blockSelector: u8,
    }),
    fc.record({ parameterRevision: u8, data: buffer(0, 16) }),
  ),
];

describe.each(codecs)('$name', ({ values, decode, encode }) => {
  test('reads what it writes', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(encode(value))).toEqual(value);
      }),
    );
  });

  test('takes any bytes, or says that they are none', () => {
    fc.assert(
      fc.property(buffer(0, 300), (data) => {
        const decoded = tryDecode(decode, data);
        // No message is longer, so none is written.
        if (decoded !== undefined && data.length <= 255) expect(decode(encode(decoded.value))).toEqual(decoded.value);
      }),
    );
  });
});

test('SOL parameters: any number and bytes are read, or are none; what is read is written and described', () => {
  fc.assert(
    fc.property(u8, buffer(0, 8), (parameter, data) => {
      const decode = (read: Buffer) => decodeSolParameter(parameter, new ByteReader(read));
      const decoded = tryDecode(decode, data);
      if (decoded === undefined) return;
      const { value } = decoded;
      const writer = new ByteWriter(255);
      encodeSolParameter(value, writer);
      expect(decode(writer.done())).toEqual(value);
      expect(describeSolParameter(value)).not.toBe('');
    }),
  );
});

describe('any packets at all', () => {
  test('the receiver acknowledges all that want it, in full, and keeps at most 15 packets', () => {
    fc.assert(
      fc.property(fc.array(controllerPacket, { maxLength: 60 }), (packets) => {
        let receiver = newSolReceiver;
        for (const packet of packets) {
          const reception = receiveSolPacket(receiver, packet);
          receiver = reception.receiver;
          const { sequence } = packet;
          const expected = sequence === 0 ? undefined : { sequence, acceptedCharacters: packet.characters.length };
          expect(reception.acknowledge).toEqual(expected);
        }
        expect(receiver.seen.size).toBeLessThanOrEqual(15);
      }),
    );
  });

  test('the sender never takes more for done than was put in, and loses nothing that is not done', () => {
    const steps = fc.array(
      fc.oneof(
        buffer(1, 40).map((data) => ({ kind: 'type', data }) as const),
        fc.constant({ kind: 'break' } as const),
        fc.constant({ kind: 'overdue' } as const),
        controllerPacket.map((packet) => ({ kind: 'packet', packet }) as const),
      ),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 251 }), steps, (maximum, script) => {
        let sender = newSolSender(maximum);
        for (const step of script) {
          if (step.kind === 'type') sender = enterSolInput(sender, { kind: 'characters', bytes: step.data });
          if (step.kind === 'break') sender = enterSolInput(sender, { kind: 'break' });
          if (step.kind === 'overdue') sender = solOverdue(sender).sender;
          if (step.kind === 'packet') sender = acknowledgeSol(sender, step.packet);
          const next = nextSolPacket(sender);
          sender = next.sender;
          expect(next.packet?.characters.length ?? 0).toBeLessThanOrEqual(maximum);
          const { inFlight, queue, entered, taken } = sender;
          const queued = queue.reduce((sum, input) => sum + (input.kind === 'break' ? 1 : input.bytes.length), 0);
          const doubtful = inFlight?.doubtful?.characters.length ?? 0;
          const flying = inFlight === undefined ? 0 : inFlight.kind === 'break' ? 1 : inFlight.characters.length;
          expect(taken + queued + doubtful + flying).toBe(entered);
        }
      }),
    );
  });
});

test('a console lives through any payloads of the controller, and carries what comes after them', async () => {
  const rubbish = fc.oneof(
    buffer(0, 40),
    controllerPacket.map((packet) => encodeSolControllerPacket({ ...packet, deactivated: false })),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(rubbish, { maxLength: 30 }), async (payloads) => {
      await using rig = createSolRig();
      await using console = rig.console();
      await rig.clock.advance(100);
      const early = console.write(Buffer.from('early'), never);
      for (const data of payloads) {
        // The status bit that ends a console is its due.
        if (((data[3] ?? 0) & 0x10) === 0) rig.inject(1, data);
      }
      await rig.clock.advance(10_000);
      await early;
      rig.line.output('the end');
      const late = console.write(Buffer.from('late'), never);
      await rig.clock.advance(10_000);
      await late;
      expect(console.transcript()).toMatch(/the end$/);
      expect(rig.line.received().toString()).toMatch(/late$/);
    }),
    { numRuns: 100 },
  );
});

/** A number from 0 to 99 for each packet that goes one way. */
type Luck = () => number;

/** Loses, doubles and delays a share of the packets; the rest takes 5 ms. Delays stay below the first repetition. */
function unreliable(rig: SolRig, lossPercent: number, lateMs: number, luck: readonly [Luck, Luck]): void {
  rig.fate(({ direction }) => {
    const dice = luck[direction === 'to-bmc' ? 0 : 1]();
    if (dice < lossPercent) return [];
    if (dice < lossPercent + 10) return [5, 5 + lateMs];
    return dice < lossPercent + 20 ? [5 + lateMs] : [5];
  });
}

/** Really random numbers, of a seed that a failure names: shrinking would make all packets lost. */
const luck: fc.Arbitrary<readonly [Luck, Luck]> = fc.noShrink(
  u32.map((seed) => {
    const dice = (way: string): Luck => {
      const entropy = createSeededEntropy(`${seed} ${way}`);
      return () => entropy.bytes(2).readUInt16BE() % 100;
    };
    return [dice('to'), dice('from')] as const;
  }),
);

/** Both ways at once, over and over; resolves when all writes are taken or refused. */
async function converse(rig: SolRig, console: WatchedConsole, rounds: number): Promise<string> {
  await rig.clock.advance(500);
  const sent: string[] = [];
  const writes: Promise<unknown>[] = [];
  for (let round = 0; round < rounds; round++) {
    const input = `${round}:${'k'.repeat(round % 7)};`;
    rig.line.output(`<${round}>${'o'.repeat((round * 13) % 60)}\r\n`);
    sent.push(input);
    writes.push(console.write(Buffer.from(input), never).catch(() => undefined));
    await rig.clock.advance(40);
  }
  await rig.clock.advance(240_000);
  await Promise.all(writes);
  return sent.join('');
}

function spoken(rounds: number): string {
  return Array.from({ length: rounds }, (_, round) => `<${round}>${'o'.repeat((round * 13) % 60)}\r\n`).join('');
}

const ROUNDS = 25;
const patient: Partial<SolBehaviour> = { resendMs: 300, resends: 60 };

describe('20 % lost, 10 % doubled, 10 % late, both ways', () => {
  test.each([
    ['by the book', patient],
    ['small packets', { ...patient, inboundPayloadSize: 7, outboundCharacters: 5 }],
    ['repeats that grow', { ...patient, extendResends: true }],
    ['ipmi_sim', { ...ipmiSimSol, resends: 60 }],
  ])('%s: every byte once, in order', async (_name, behaviour) => {
    await fc.assert(
      fc.asyncProperty(luck, async (dice) => {
        await using rig = createSolRig(behaviour);
        await using console = rig.console();
        unreliable(rig, 20, 60, dice);
        const input = await converse(rig, console, ROUNDS);
        expect(console.transcript()).toBe(spoken(ROUNDS));
        expect(rig.line.received().toString()).toBe(input);
        expect(console.story()).toEqual(['connected']);
      }),
      { numRuns: 40 },
    );
  });

  test('a controller that takes odd parts and refuses now and then: every byte once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(luck, fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1 }), async (dice, appetite) => {
        let bites = 0;
        await using rig = createSolRig({
          ...patient,
          accept(characters) {
            const bite = bites % 4 === 3 ? characters.length : (appetite[bites % appetite.length] ?? 0);
            bites++;
            const accepted = Math.min(bite, characters.length);
            return { accepted, nack: accepted < characters.length && bites % 2 === 0 };
          },
        });
        await using console = rig.console();
        unreliable(rig, 20, 60, dice);
        const input = await converse(rig, console, ROUNDS);
        expect(rig.line.received().toString()).toBe(input);
        expect(console.transcript()).toBe(spoken(ROUNDS));
      }),
      { numRuns: 40 },
    );
  });

  test('OpenBMC, which repeats after 100 ms and drops our repeats: every byte once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(luck, async (dice) => {
        await using rig = createSolRig({ ...openBmcSol, resends: 60 });
        await using console = rig.console();
        unreliable(rig, 20, 60, dice);
        const input = await converse(rig, console, ROUNDS);
        expect(console.transcript()).toBe(spoken(ROUNDS));
        expect(rig.line.received().toString()).toBe(input);
      }),
      { numRuns: 40 },
    );
  });

  test('a controller that gives packets up: what is missing is marked, and nothing comes twice', async () => {
    await fc.assert(
      fc.asyncProperty(luck, async (dice) => {
        await using rig = createSolRig({ resendMs: 100, resends: 1 });
        await using console = rig.console();
        unreliable(rig, 20, 60, dice);
        await converse(rig, console, ROUNDS);
        // The last packets may be missing without a later one that shows it.
        const parts = console.transcript().split('[lost]');
        let from = 0;
        for (const [index, part] of parts.entries()) {
          const at = spoken(ROUNDS).indexOf(part, from);
          expect(at).toBeGreaterThanOrEqual(from);
          if (index === 0) expect(at).toBe(0);
          from = at + part.length;
        }
      }),
      { numRuns: 40 },
    );
  });
});
