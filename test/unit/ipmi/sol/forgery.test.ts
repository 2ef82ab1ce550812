import { describe, expect, test } from 'vitest';
import type { UdpPeer } from '../../../../src/foundation/udp.ts';
import { decodeDatagram, encodeDatagramV1, encodeDatagramV2 } from '../../../../src/protocols/ipmi/datagram.ts';
import {
  encodeProtectedDatagram,
  openProtectedPayload,
  type SessionProtection,
} from '../../../../src/protocols/ipmi/protected-payload.ts';
import { PayloadType, type SessionV2 } from '../../../../src/protocols/ipmi/session-v2.ts';
import { createPlainChassis } from '../../../../src/simulator/bmc/chassis.ts';
import { createScriptedLine } from '../../../../src/simulator/bmc/sol/serial-line.ts';
import { settle } from '../../../support/manual-clock.ts';
import { type RecordedDatagram, sessionOf } from '../recorded-sessions.ts';
import { BMC_ADDRESS, createRig, type Rig } from '../rig.ts';

type Held = {
  readonly rig: Rig;
  readonly shown: () => string;
  /** The packet with the machine's output, not delivered yet. */
  readonly truth: Buffer;
  readonly packet: SessionV2;
  readonly protection: SessionProtection;
  /** Its SOL payload, saying something else. */
  readonly lie: Buffer;
  inject(data: Buffer, from?: UdpPeer): Promise<void>;
};

/** A console that is up, its first output held back. */
async function holdOutput(): Promise<Held & AsyncDisposable> {
  let truth: Buffer | undefined;
  let holding = false;
  const line = createScriptedLine();
  const rig = await createRig({
    target: { cipherSuites: [17] },
    bmc: {
      chassis: { ...createPlainChassis(), serial: line },
      faults({ direction, data }) {
        if (!holding || direction !== 'from-bmc' || ((data[5] ?? 0) & 0x3f) !== PayloadType.sol) return undefined;
        truth ??= data;
        return { kind: 'drop' };
      },
    },
  });
  let text = '';
  const console = rig.bmc.console?.((event) => {
    if (event.kind === 'output') text += event.bytes.toString('latin1');
  }, {});
  await rig.clock.advance(100);
  holding = true;
  line.output('truth');
  await rig.clock.advance(50);
  if (truth === undefined) throw new Error('no console output came');
  const carried: RecordedDatagram[] = rig.network.carried.map(({ to, data }) => ({
    from: to.address === BMC_ADDRESS.address ? 'client' : 'bmc',
    bytes: data,
  }));
  const { protection } = sessionOf(carried);
  const datagram = decodeDatagram(truth);
  if (datagram.format !== 'v2.0') throw new Error('not RMCP+');
  const payload = openProtectedPayload(datagram.session, datagram.signed, protection);
  if (typeof payload === 'string') throw new Error(payload);
  const client = rig.network.carried[0]?.from ?? BMC_ADDRESS;
  return {
    rig,
    shown: () => text,
    truth,
    packet: datagram.session,
    protection,
    lie: Buffer.concat([payload.subarray(0, 4), Buffer.from('LIE')]),
    async inject(data, from = BMC_ADDRESS) {
      rig.network.inject({ from, to: client, data });
      await settle();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([rig.finish(console?.[Symbol.asyncDispose]() ?? Promise.resolve()), rig.clock.advance(2_000)]);
      await rig[Symbol.asyncDispose]();
    },
  };
}

const forgeries: [string, (held: Held) => Buffer, UdpPeer?][] = [
  [
    'plaintext',
    ({ packet, lie }) =>
      encodeDatagramV2({ ...packet, encrypted: false, authenticated: false, payload: lie, trailer: Buffer.alloc(0) }),
  ],
  [
    'encrypted and unsigned',
    ({ packet }) => encodeDatagramV2({ ...packet, authenticated: false, trailer: Buffer.alloc(0) }),
  ],
  [
    'signed with another key',
    ({ packet, lie, protection }) =>
      encodeProtectedDatagram({ ...packet, payload: lie }, { ...protection, k1: Buffer.alloc(32) }, Buffer.alloc(16)),
  ],
  [
    'for another session',
    ({ packet, lie, protection }) =>
      encodeProtectedDatagram(
        { ...packet, sessionId: (packet.sessionId ^ 1) >>> 0, payload: lie },
        protection,
        Buffer.alloc(16),
      ),
  ],
  [
    'outside any session',
    ({ packet, lie }) =>
      encodeDatagramV2({
        ...packet,
        sessionId: 0,
        encrypted: false,
        authenticated: false,
        payload: lie,
        trailer: Buffer.alloc(0),
      }),
  ],
  [
    'in IPMI 1.5 framing',
    ({ packet, lie }) =>
      encodeDatagramV1({
        authenticationType: 0,
        sessionSequence: 1,
        sessionId: packet.sessionId,
        payload: lie,
        trailer: Buffer.alloc(0),
      }),
  ],
  ['the true packet from another address', ({ truth }) => truth, { address: '192.0.2.66', port: 623 }],
];

describe('console output', () => {
  test.each<[string, (held: Held) => Buffer, UdpPeer?]>(forgeries)(
    '%s: not shown; the truth is',
    async (_what, forge, from) => {
      await using held = await holdOutput();
      await held.inject(forge(held), from);
      expect(held.shown()).toBe('');
      await held.inject(held.truth);
      expect(held.shown()).toBe('truth');
    },
  );

  test('the true packet again and again: shown once', async () => {
    await using held = await holdOutput();
    for (let copy = 0; copy < 5; copy++) await held.inject(held.truth);
    expect(held.shown()).toBe('truth');
    expect(held.rig.dropped('replayed')).toBe(4);
  });

  test('one bit flipped at every position, and cut at every length: not shown', async () => {
    await using held = await holdOutput();
    for (let bit = 0; bit < held.truth.length * 8; bit++) {
      const forged = Buffer.from(held.truth);
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await held.inject(forged);
    }
    for (let length = 0; length < held.truth.length; length++) await held.inject(held.truth.subarray(0, length));
    expect(held.shown()).toBe('');
    await held.inject(held.truth);
    expect(held.shown()).toBe('truth');
  });
});
