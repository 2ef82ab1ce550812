import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../../src/foundation/bytes/byte-reader.ts';
import { ServiceError } from '../../../src/foundation/errors.ts';
import { decodeDatagram, encodeDatagramV1, encodeDatagramV2 } from '../../../src/protocols/ipmi/datagram.ts';
import { decodeIpmiResponse, encodeIpmiResponse } from '../../../src/protocols/ipmi/message.ts';
import { AuthenticationType, type SessionV1 } from '../../../src/protocols/ipmi/session-v1.ts';
import { signSessionV1, v1Key } from '../../../src/protocols/ipmi/session-v1-authentication.ts';
import { settle } from '../../support/manual-clock.ts';
import { BMC_ADDRESS, createRig, never, type Rig } from './rig.ts';

const KEY = v1Key(Buffer.from('secret'));
/** From the BMC: challenge 1, activation 2, the first request of the session 3. */
const ANSWER = 3;

type Held = { readonly rig: Rig; readonly work: Promise<unknown>; readonly truth: Buffer; readonly packet: SessionV1 };

function v1(data: Buffer): SessionV1 {
  const datagram = decodeDatagram(data);
  if (datagram.format !== 'v1.5') throw new Error('not IPMI 1.5');
  return datagram.session;
}

async function holdAnswer(): Promise<Held> {
  let truth: Buffer = Buffer.alloc(0);
  const rig = await createRig({
    target: { version: '1.5' },
    bmc: {
      ipmi15: 'per-message',
      faults({ direction, count, data }) {
        if (direction !== 'from-bmc' || count < ANSWER) return undefined;
        if (count === ANSWER) truth = data;
        return { kind: 'drop' };
      },
    },
  });
  const work = rig.bmc.powerState(never);
  await settle();
  return { rig, work, truth, packet: v1(truth) };
}

async function inject({ rig }: Held, data: Buffer, from = BMC_ADDRESS): Promise<void> {
  rig.network.inject({ from, to: rig.network.carried[0]?.from ?? BMC_ADDRESS, data });
  await settle(1);
}

async function expectTruth(held: Held): Promise<void> {
  let over = false;
  const end = (): void => {
    over = true;
  };
  held.work.then(end, end);
  await settle();
  expect(over).toBe(false);
  await inject(held, held.truth);
  expect(await held.work).toBe('off');
  await held.rig[Symbol.asyncDispose]();
}

/** The answer saying "on". */
function lie({ packet }: Held): Buffer {
  const response = decodeIpmiResponse(new ByteReader(packet.payload));
  return encodeIpmiResponse({ ...response, data: Buffer.of(0x01, 0, 0) });
}

const forgeries: readonly (readonly [string, string, (held: Held) => Buffer])[] = [
  [
    'unsigned',
    'unprotected',
    (held) => {
      const { sessionId, sessionSequence } = held.packet;
      const authenticationType = AuthenticationType.none;
      return encodeDatagramV1({
        authenticationType,
        sessionId,
        sessionSequence,
        payload: lie(held),
        trailer: Buffer.alloc(0),
      });
    },
  ],
  [
    'with the password itself as its code',
    'unprotected',
    (held) =>
      encodeDatagramV1({
        ...held.packet,
        authenticationType: AuthenticationType.password,
        authenticationCode: KEY,
        payload: lie(held),
      }),
  ],
  ['signed with another password', 'bad-integrity', (held) => signed(held, v1Key(Buffer.from('other')))],
  [
    'with the code of another payload',
    'bad-integrity',
    (held) => encodeDatagramV1({ ...held.packet, payload: lie(held) }),
  ],
  ['with a number of long ago', 'replayed', (held) => signed(held, KEY, (held.packet.sessionSequence - 40) >>> 0)],
  ['with number 0', 'replayed', (held) => signed(held, KEY, 0)],
  [
    'for another session',
    'v15-framing',
    (held) =>
      encodeDatagramV1(
        signSessionV1({ ...held.packet, sessionId: (held.packet.sessionId ^ 1) >>> 0, payload: lie(held) }, KEY),
      ),
  ],
  [
    'in RMCP+ framing',
    'v20-framing',
    (held) =>
      encodeDatagramV2({
        payloadType: 0,
        encrypted: false,
        authenticated: false,
        sessionId: held.packet.sessionId,
        sessionSequence: 1,
        payload: lie(held),
        trailer: Buffer.alloc(0),
      }),
  ],
];

function signed(held: Held, key: Buffer, sessionSequence = held.packet.sessionSequence): Buffer {
  return encodeDatagramV1(signSessionV1({ ...held.packet, sessionSequence, payload: lie(held) }, key));
}

describe('in a session of IPMI 1.5', () => {
  test.each(forgeries)('%s: dropped as %s', async (_what, reason, forge) => {
    const held = await holdAnswer();
    const before = held.rig.dropped(reason);
    await inject(held, forge(held));
    expect(held.rig.dropped(reason)).toBe(before + 1);
    await expectTruth(held);
  });

  test('one bit flipped, at every position: dropped', async () => {
    const held = await holdAnswer();
    for (let bit = 0; bit < held.truth.length * 8; bit++) {
      const forged = Buffer.from(held.truth);
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await inject(held, forged);
    }
    await expectTruth(held);
  });

  test('cut at every length: dropped', async () => {
    const held = await holdAnswer();
    for (let length = 0; length < held.truth.length; length++) await inject(held, held.truth.subarray(0, length));
    await expectTruth(held);
  });

  test('the answer to an earlier request again: dropped', async () => {
    const recorded: Buffer[] = [];
    await using rig = await createRig({
      target: { version: '1.5' },
      bmc: {
        ipmi15: 'per-message',
        faults({ direction, data }) {
          if (direction === 'from-bmc') recorded.push(data);
          return undefined;
        },
      },
    });
    await rig.value(rig.bmc.powerState(never));
    const earlier = [...recorded];
    const work = rig.bmc.powerState(never);
    for (const data of earlier) {
      rig.network.inject({ from: BMC_ADDRESS, to: rig.network.carried[0]?.from ?? BMC_ADDRESS, data });
    }
    expect(await rig.value(work)).toBe('off');
    expect(rig.dropped('replayed')).toBe(1);
  });
});

describe('in the set-up of a session of IPMI 1.5', () => {
  test.each([1, 2])(
    'message %i from the BMC with one bit flipped, at every position: the truth or a typed error',
    async (count) => {
      let right = 0;
      for (let bit = 0; bit < 70 * 8; bit += 3) {
        const rewrite = (data: Buffer): Buffer => {
          const forged = Buffer.from(data);
          if (forged.length > bit >> 3) forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          return forged;
        };
        await using rig = await createRig({
          target: { version: '1.5' },
          bmc: {
            ipmi15: 'per-message',
            faults: (point) =>
              point.direction === 'from-bmc' && point.count === count ? { kind: 'rewrite', rewrite } : undefined,
          },
        });
        const result = await rig.finish(rig.bmc.powerState(never));
        if (result.kind === 'value') expect(result.value).toBe('off');
        else expect(result.error).toBeInstanceOf(ServiceError);
        if (result.kind === 'value') right++;
      }
      expect(right).toBeGreaterThan(0);
    },
  );
});
