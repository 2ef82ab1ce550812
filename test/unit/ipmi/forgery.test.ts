import { describe, expect, test } from 'vitest';
import type { PowerState } from '../../../src/domain/ports/bmc.ts';
import { ByteReader } from '../../../src/foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../src/foundation/bytes/byte-writer.ts';
import { ServiceError } from '../../../src/foundation/errors.ts';
import type { UdpPeer } from '../../../src/foundation/udp.ts';
import { decodeDatagram, encodeDatagramV1, encodeDatagramV2 } from '../../../src/protocols/ipmi/datagram.ts';
import { encodeSessionTrailer } from '../../../src/protocols/ipmi/integrity.ts';
import { decodeIpmiResponse, encodeIpmiResponse, type IpmiResponse } from '../../../src/protocols/ipmi/message.ts';
import {
  encodeProtectedDatagram,
  openProtectedPayload,
  type SessionProtection,
} from '../../../src/protocols/ipmi/protected-payload.ts';
import { encodeSessionV2, type SessionV2 } from '../../../src/protocols/ipmi/session-v2.ts';
import { settle } from '../../support/manual-clock.ts';
import { type RecordedDatagram, sessionOf } from './recorded-sessions.ts';
import { BMC_ADDRESS, createRig, never, type Rig } from './rig.ts';

const ATTACKER: UdpPeer = { address: '192.0.2.66', port: 623 };
/** Datagram 4 from the BMC answers the first request of the session. */
const ANSWER = 4;

/** A client that waits for its power state, the true answer (off) held back, and all that a forger could want. */
type Held = {
  readonly rig: Rig;
  readonly work: Promise<PowerState>;
  readonly truth: Buffer;
  readonly packet: SessionV2;
  readonly protection: SessionProtection;
  readonly response: IpmiResponse;
  /** The response saying "on" instead. */
  readonly lie: Buffer;
  inject(data: Buffer, from?: UdpPeer): Promise<void>;
};

async function holdAnswer(cipherSuite: number): Promise<Held> {
  let truth: Buffer = Buffer.alloc(0);
  const rig = await createRig({
    target: { cipherSuites: [cipherSuite] },
    bmc: {
      cipherSuites: [cipherSuite],
      faults({ direction, count, data }) {
        if (direction !== 'from-bmc' || count < ANSWER) return undefined;
        if (count === ANSWER) truth = data;
        return { kind: 'drop' };
      },
    },
  });
  const work = rig.bmc.powerState(never);
  await settle();
  const carried: RecordedDatagram[] = rig.network.carried.map(({ to, data }) => ({
    from: to.address === BMC_ADDRESS.address ? 'client' : 'bmc',
    bytes: data,
  }));
  const { protection } = sessionOf(carried);
  const datagram = decodeDatagram(truth);
  if (datagram.format !== 'v2.0') throw new Error('the answer is not RMCP+');
  const payload = openProtectedPayload(datagram.session, datagram.signed, protection);
  if (typeof payload === 'string') throw new Error(payload);
  const response = decodeIpmiResponse(new ByteReader(payload));
  const lie = encodeIpmiResponse({ ...response, data: Buffer.of(0x01, 0, 0) });
  const client = rig.network.carried[0]?.from ?? BMC_ADDRESS;
  return {
    rig,
    work,
    truth,
    packet: datagram.session,
    protection,
    response,
    lie,
    async inject(data, from = BMC_ADDRESS) {
      rig.network.inject({ from, to: client, data });
      await settle(1);
    },
  };
}

/** Nothing forged was taken: the work still waits, and ends with the truth when the truth arrives. */
async function expectTruth({ work, truth, inject, rig }: Held): Promise<void> {
  let over = false;
  work.then(
    () => {
      over = true;
    },
    () => {
      over = true;
    },
  );
  await settle();
  expect(over).toBe(false);
  await inject(truth);
  expect(await work).toBe('off');
  await rig[Symbol.asyncDispose]();
}

/** Signed with the right key, but not encrypted. */
function signedOnly({ packet, lie, protection }: Held): Buffer {
  const writer = new ByteWriter(256);
  writer.bytes(Buffer.of(0x06, 0x00, 0xff, 0x07));
  encodeSessionV2({ ...packet, encrypted: false, authenticated: true, payload: lie, trailer: Buffer.alloc(0) }, writer);
  encodeSessionTrailer(protection.suite, protection.k1, 4, writer);
  return writer.done();
}

describe.each([3, 8, 12, 16, 17])('in a session with suite %i', (suite) => {
  /** 16 signs, and sends in the clear: what is forged by leaving the encryption out is rightly made there. */
  const clear = suite === 16;
  const forgeries: readonly (readonly [string, string, (held: Held) => Buffer])[] = [
    [
      'plaintext, as the packet itself says',
      'unprotected',
      ({ packet, lie }) =>
        encodeDatagramV2({ ...packet, encrypted: false, authenticated: false, payload: lie, trailer: Buffer.alloc(0) }),
    ],
    [
      'encrypted but unsigned',
      'unprotected',
      ({ packet }) => encodeDatagramV2({ ...packet, authenticated: false, trailer: Buffer.alloc(0) }),
    ],
    ['rightly signed but plaintext', 'unprotected', signedOnly],
    [
      'said to be signed, without a trailer',
      'bad-integrity',
      ({ packet }) => encodeDatagramV2({ ...packet, trailer: Buffer.alloc(0) }),
    ],
    [
      'signed with another key',
      'bad-integrity',
      ({ packet, lie, protection }) =>
        encodeProtectedDatagram({ ...packet, payload: lie }, { ...protection, k1: Buffer.alloc(32) }, Buffer.alloc(16)),
    ],
    [
      'rightly signed, encrypted with another key',
      'bad-encryption',
      ({ packet, lie, protection }) =>
        encodeProtectedDatagram({ ...packet, payload: lie }, { ...protection, k2: Buffer.alloc(32) }, Buffer.alloc(16)),
    ],
    [
      'in IPMI v1.5 framing, unauthenticated',
      'v15-framing',
      ({ packet, lie }) =>
        encodeDatagramV1({
          authenticationType: 0,
          sessionSequence: 1,
          sessionId: packet.sessionId,
          payload: lie,
          trailer: Buffer.alloc(0),
        }),
    ],
    [
      'in IPMI v1.5 framing, with an MD5 code',
      'v15-framing',
      ({ packet, lie }) =>
        encodeDatagramV1({
          authenticationType: 2,
          sessionSequence: 1,
          sessionId: packet.sessionId,
          authenticationCode: Buffer.alloc(16),
          payload: lie,
          trailer: Buffer.alloc(0),
        }),
    ],
    [
      'for another session id',
      'unknown-session',
      ({ packet, lie, protection }) =>
        encodeProtectedDatagram(
          { ...packet, sessionId: (packet.sessionId ^ 1) >>> 0, payload: lie },
          protection,
          Buffer.alloc(16),
        ),
    ],
    [
      'outside any session',
      'unexpected-handshake',
      ({ lie }) =>
        encodeDatagramV2({
          payloadType: 0,
          encrypted: false,
          authenticated: false,
          sessionId: 0,
          sessionSequence: 0,
          payload: lie,
          trailer: Buffer.alloc(0),
        }),
    ],
    [
      'with sequence number 0',
      'replayed',
      ({ packet, lie, protection }) =>
        encodeProtectedDatagram({ ...packet, sessionSequence: 0, payload: lie }, protection, Buffer.alloc(16)),
    ],
    ['larger than any message', 'malformed', ({ truth }) => Buffer.concat([truth, Buffer.alloc(2_000)])],
    ['empty', 'malformed', () => Buffer.alloc(0)],
  ];

  test.each(forgeries.filter(([what]) => !clear || !/encrypted|plaintext but|but plaintext/.test(what)))(
    '%s: dropped as %s',
    async (_what, reason, forge) => {
      const held = await holdAnswer(suite);
      const before = held.rig.dropped(reason);
      await held.inject(forge(held));
      expect(held.rig.dropped(reason)).toBe(before + 1);
      await expectTruth(held);
    },
  );

  test.each([
    ['another address', ATTACKER],
    ['another port', { ...BMC_ADDRESS, port: 624 }],
  ])('the true answer from %s: dropped', async (_what, from) => {
    const held = await holdAnswer(suite);
    await held.inject(held.truth, from);
    expect(held.rig.dropped('unknown-source')).toBe(1);
    await expectTruth(held);
  });

  test.each([
    [
      'another request of this session',
      (r: IpmiResponse) => ({ ...r, requesterSequence: (r.requesterSequence + 63) % 64 }),
    ],
    ['another command', (r: IpmiResponse) => ({ ...r, command: 0x02 })],
    ['another network function', (r: IpmiResponse) => ({ ...r, netFn: 0x07 })],
    ['a request instead of an answer', (r: IpmiResponse) => ({ ...r, netFn: 0x00 })],
    ['a duplicate that is still being worked on (CFh)', (r: IpmiResponse) => ({ ...r, completionCode: 0xcf })],
  ])('authentic, but for %s: dropped', async (_what, change) => {
    const held = await holdAnswer(suite);
    const payload = encodeIpmiResponse({ ...change(held.response), data: Buffer.of(0x01, 0, 0) });
    const packet = { ...held.packet, sessionSequence: held.packet.sessionSequence + 1, payload };
    await held.inject(encodeProtectedDatagram(packet, held.protection, Buffer.alloc(16)));
    expect(held.rig.dropped('unmatched-response')).toBe(1);
    await expectTruth(held);
  });

  test('one bit flipped, at every position: dropped', async () => {
    const held = await holdAnswer(suite);
    for (let bit = 0; bit < held.truth.length * 8; bit++) {
      const forged = Buffer.from(held.truth);
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await held.inject(forged);
    }
    await expectTruth(held);
  });

  test('cut at every length, and longer by a few bytes: dropped', async () => {
    const held = await holdAnswer(suite);
    for (let length = 0; length < held.truth.length; length++) await held.inject(held.truth.subarray(0, length));
    for (let extra = 1; extra <= 20; extra++) await held.inject(Buffer.concat([held.truth, Buffer.alloc(extra)]));
    await expectTruth(held);
  });
});

describe('replay', () => {
  test('every earlier packet again, while the next request waits: dropped', async () => {
    const recorded: Buffer[] = [];
    let hold = false;
    await using rig = await createRig({
      bmc: {
        faults({ direction, data }) {
          if (direction === 'to-bmc') return undefined;
          recorded.push(data);
          return hold ? { kind: 'drop' } : undefined;
        },
      },
    });
    for (let round = 0; round < 5; round++) await rig.value(rig.bmc.powerState(never));
    const earlier = [...recorded];
    hold = true;
    rig.chassis.control('on');
    const work = rig.bmc.powerState(never);
    await settle();
    const client = rig.network.carried[0]?.from ?? BMC_ADDRESS;
    for (const data of earlier) {
      rig.network.inject({ from: BMC_ADDRESS, to: client, data });
      await settle(1);
    }
    expect(rig.dropped('replayed')).toBe(5);
    expect(rig.dropped('unexpected-handshake')).toBe(3);
    const truth = recorded.at(-1);
    if (truth) rig.network.inject({ from: BMC_ADDRESS, to: client, data: truth });
    expect(await work).toBe('on');
    hold = false;
  });
});

describe('in the handshake', () => {
  const stages = [
    ['Open Session Response', 1, 52],
    ['RAKP message 2', 2, 88],
    ['RAKP message 4', 3, 40],
  ] as const;

  test.each(stages)(
    '%s with one bit flipped, at every position: the truth or a typed error',
    async (_what, count, bytes) => {
      let accepted = 0;
      for (let bit = 0; bit < bytes * 8; bit++) {
        const flip = (data: Buffer): Buffer => {
          const forged = Buffer.from(data);
          if (forged.length > bit >> 3) forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          return forged;
        };
        await using rig = await createRig({
          bmc: {
            faults: (point) =>
              point.direction === 'from-bmc' && point.count === count ? { kind: 'rewrite', rewrite: flip } : undefined,
          },
        });
        const result = await rig.finish(rig.bmc.powerState(never));
        if (result.kind === 'value') accepted++;
        else expect(result.error).toBeInstanceOf(ServiceError);
        if (result.kind === 'value') expect(result.value).toBe('off');
      }
      expect(accepted).toBeGreaterThan(0);
    },
  );

  test('RAKP message 2 forged: no RAKP message 3 is sent, so no hash is given away', async () => {
    const spoil = (data: Buffer): Buffer => {
      const forged = Buffer.from(data);
      forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
      return forged;
    };
    await using rig = await createRig({
      bmc: {
        faults: ({ direction, count }) =>
          direction === 'from-bmc' && count === 2 ? { kind: 'rewrite', rewrite: spoil } : undefined,
      },
    });
    expect(await rig.finish(rig.bmc.powerState(never))).toMatchObject({ error: { code: 'authentication-failed' } });
    expect(rig.network.carried.some(({ data }) => data[5] === 0x14)).toBe(false);
  });
});
