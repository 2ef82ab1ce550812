import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../../../src/foundation/bytes/byte-reader.ts';
import { decodeDatagram, encodeDatagramV1 } from '../../../../src/protocols/ipmi/datagram.ts';
import { decodeIpmiResponse, type IpmiResponse } from '../../../../src/protocols/ipmi/message.ts';
import { type SessionV1, sessionlessV1 } from '../../../../src/protocols/ipmi/session-v1.ts';
import { signSessionV1, v1Key, verifySessionV1 } from '../../../../src/protocols/ipmi/session-v1-authentication.ts';
import { onlyIpmi15 } from '../../../../src/simulator/bmc/personality.ts';
import { askBare, createWire, openSession, requestPayload, STRANGER, type Wire } from './wire-console.ts';

const MD5 = 2;
const key = v1Key(Buffer.from('secret'));
const FIRST_OUTBOUND = 0x0102_0304;

function challengeRequest(name: string, type = MD5): Buffer {
  return Buffer.concat([Buffer.of(type), Buffer.from(name), Buffer.alloc(16 - name.length)]);
}

/** The wrapper and message of the one answer to a packet, or undefined. */
async function send(wire: Wire, packet: SessionV1): Promise<{ session: SessionV1; message: IpmiResponse } | undefined> {
  const [answer] = await wire.exchange(encodeDatagramV1(packet));
  if (answer === undefined) return undefined;
  const datagram = decodeDatagram(answer);
  if (datagram.format !== 'v1.5') throw new Error('not v1.5');
  return { session: datagram.session, message: decodeIpmiResponse(new ByteReader(datagram.session.payload)) };
}

async function challenged(wire: Wire, name = 'admin'): Promise<{ temporaryId: number; challenge: Buffer }> {
  const answer = await askBare(wire, 0x06, 0x39, challengeRequest(name));
  if (answer?.completionCode !== 0) throw new Error('no challenge');
  return { temporaryId: answer.data.readUInt32LE(0), challenge: answer.data.subarray(4) };
}

function activation(challenge: Buffer, level = 4, type = MD5, first = FIRST_OUTBOUND): Buffer {
  const outbound = Buffer.alloc(4);
  outbound.writeUInt32LE(first);
  return requestPayload(0x06, 0x3a, Buffer.concat([Buffer.of(type, level), challenge, outbound]));
}

async function activated(wire: Wire, level = 4): Promise<{ id: number; first: number }> {
  const { temporaryId, challenge } = await challenged(wire);
  const packet = { sessionId: temporaryId, sessionSequence: 0, payload: activation(challenge, level) };
  const answer = await send(wire, signSessionV1(packet, key));
  if (answer?.message.completionCode !== 0) throw new Error('not activated');
  return { id: answer.message.data.readUInt32LE(1), first: answer.message.data.readUInt32LE(5) };
}

const deviceId = requestPayload(0x06, 0x01, []);

describe('IPMI 1.5 sessions (§6.12, §22.16, §22.17)', () => {
  test('off, it is neither offered nor answered', async () => {
    await using wire = await createWire();
    expect((await askBare(wire, 0x06, 0x38, [0x8e, 4]))?.data.subarray(1, 4)).toEqual(Buffer.of(0x80, 0x04, 0x02));
    expect((await askBare(wire, 0x06, 0x39, challengeRequest('admin')))?.completionCode).toBe(0xc1);
    expect(
      await send(wire, signSessionV1({ sessionId: 7, sessionSequence: 1, payload: deviceId }, key)),
    ).toBeUndefined();
  });

  test('on, MD5 is offered beside v2.0', async () => {
    await using wire = await createWire({ ipmi15: 'per-message' });
    expect((await askBare(wire, 0x06, 0x38, [0x8e, 4]))?.data.subarray(1, 4)).toEqual(Buffer.of(0x84, 0x04, 0x03));
    expect((await askBare(wire, 0x06, 0x38, [0x0e, 4]))?.data.subarray(1, 4)).toEqual(Buffer.of(0x04, 0x04, 0x00));
  });

  test('Activate Session is answered under the temporary id and the number that the console chose', async () => {
    await using wire = await createWire({ ipmi15: 'per-message' });
    const { temporaryId, challenge } = await challenged(wire);
    const packet = { sessionId: temporaryId, sessionSequence: 0, payload: activation(challenge, 3) };
    const answer = await send(wire, signSessionV1(packet, key));
    expect(answer?.session).toMatchObject({ sessionId: temporaryId, sessionSequence: FIRST_OUTBOUND });
    expect(answer && verifySessionV1(answer.session, key)).toBe(true);
    expect(answer?.message.data.length).toBe(10);
    expect([answer?.message.data[0], answer?.message.data[9]]).toEqual([MD5, 3]);
    expect(wire.bmc.sessions).toBe(1);
    // The challenge is used up.
    expect(await send(wire, signSessionV1(packet, key))).toBeUndefined();
  });

  test('each packet is signed and numbered both ways', async () => {
    await using wire = await createWire({ ipmi15: 'per-message' });
    const { id, first } = await activated(wire);
    for (const step of [0, 1]) {
      const packet = { sessionId: id, sessionSequence: first + step, payload: deviceId };
      const answer = await send(wire, signSessionV1(packet, key));
      expect(answer?.session).toMatchObject({ sessionId: id, sessionSequence: FIRST_OUTBOUND + 1 + step });
      expect(answer && verifySessionV1(answer.session, key)).toBe(true);
      expect(answer?.message.completionCode).toBe(0);
    }
  });

  test('numbers from before the first, repeated, or more than 8 ahead are not taken', async () => {
    await using wire = await createWire({ ipmi15: 'per-message' });
    const { id, first } = await activated(wire);
    const taken = async (sequence: number): Promise<boolean> => {
      const packet = { sessionId: id, sessionSequence: sequence >>> 0, payload: deviceId };
      return (await send(wire, signSessionV1(packet, key))) !== undefined;
    };
    expect(await taken(first - 1)).toBe(false);
    expect(await taken(first + 8)).toBe(false);
    expect(await taken(first + 7)).toBe(true);
    expect(await taken(first + 7)).toBe(false);
    expect(await taken(first)).toBe(true);
    expect(await taken(first)).toBe(false);
  });

  test('unsigned, wrongly signed or from elsewhere: dropped', async () => {
    await using wire = await createWire({ ipmi15: 'per-message' });
    const { id, first } = await activated(wire);
    const packet = { sessionId: id, sessionSequence: first, payload: deviceId };
    expect(await send(wire, { ...sessionlessV1(deviceId), sessionId: id, sessionSequence: first })).toBeUndefined();
    expect(await send(wire, signSessionV1(packet, v1Key(Buffer.from('wrong'))))).toBeUndefined();
    expect(await wire.exchange(encodeDatagramV1(signSessionV1(packet, key)), STRANGER)).toEqual([]);
    expect(wire.bmc.requests.get('Get Device ID')).toBeUndefined();
    expect(wire.bmc.dropped).toBe(3);
    expect(await send(wire, signSessionV1(packet, key))).toBeDefined();
  });

  test('with per-message authentication off, only the activation is signed', async () => {
    await using wire = await createWire({ ipmi15: 'at-activation' });
    expect((await askBare(wire, 0x06, 0x38, [0x8e, 4]))?.data[2]).toBe(0x14);
    const { id, first } = await activated(wire);
    const bare = { ...sessionlessV1(deviceId), sessionId: id, sessionSequence: first };
    expect((await send(wire, bare))?.session).toMatchObject({ authenticationType: 0, sessionId: id });
    expect(await send(wire, { ...bare, sessionSequence: first })).toBeUndefined();
  });

  test.each([
    ['unknown', 'nobody', 0x81],
    ['disabled', 'off', 0x81],
    ['with a password of more than 16 bytes', 'long', 0x81],
    ['null, and there is none', '', 0x82],
  ])('no challenge for a user who is %s', async (_what, name, code) => {
    const users = [
      { name: 'off', password: 'secret', privilege: 4, enabled: false },
      { name: 'long', password: 'seventeen bytes !', privilege: 4 },
    ];
    await using wire = await createWire({ ipmi15: 'per-message', users });
    expect((await askBare(wire, 0x06, 0x39, challengeRequest(name)))?.completionCode).toBe(code);
  });

  test('no challenge for straight passwords or no authentication', async () => {
    await using wire = await createWire({ ipmi15: 'per-message' });
    for (const type of [0, 1, 4]) {
      expect((await askBare(wire, 0x06, 0x39, challengeRequest('admin', type)))?.completionCode).toBe(0xcc);
    }
  });

  test.each([
    ['another challenge', (challenge: Buffer) => activation(Buffer.alloc(challenge.length)), 0x85],
    ['more than the user may', (challenge: Buffer) => activation(challenge, 5), 0x86],
    ['no level', (challenge: Buffer) => activation(challenge, 0), 0xcc],
    ['another authentication type', (challenge: Buffer) => activation(challenge, 4, 4), 0xcc],
    ['a first number of 0', (challenge: Buffer) => activation(challenge, 4, MD5, 0), 0x84],
  ])('Activate Session with %s is refused', async (_what, payload, code) => {
    await using wire = await createWire({ ipmi15: 'per-message' });
    const { temporaryId, challenge } = await challenged(wire);
    const packet = { sessionId: temporaryId, sessionSequence: 0, payload: payload(challenge) };
    expect((await send(wire, signSessionV1(packet, key)))?.message.completionCode).toBe(code);
    expect(wire.bmc.sessions).toBe(0);
  });

  test('a wrong password gets no answer, and nothing but Activate Session is taken under a temporary id', async () => {
    await using wire = await createWire({ ipmi15: 'per-message' });
    const { temporaryId, challenge } = await challenged(wire);
    const packet = { sessionId: temporaryId, sessionSequence: 0, payload: activation(challenge) };
    expect(await send(wire, signSessionV1(packet, v1Key(Buffer.from('wrong'))))).toBeUndefined();
    expect(await send(wire, signSessionV1({ ...packet, payload: deviceId }, key))).toBeUndefined();
  });

  test('challenges hold no place and do not pile up; a full table refuses with 81h', async () => {
    await using wire = await createWire({ ipmi15: 'per-message', limits: { maximumSessions: 2 } });
    const waiting = [];
    for (let count = 0; count < 40; count++) waiting.push(await challenged(wire));
    expect(wire.bmc.sessions).toBe(0);
    const answers = [];
    for (const { temporaryId, challenge } of waiting) {
      const packet = { sessionId: temporaryId, sessionSequence: 0, payload: activation(challenge) };
      answers.push((await send(wire, signSessionV1(packet, key)))?.message.completionCode);
    }
    expect(answers.filter((code) => code === undefined)).toHaveLength(24);
    expect(answers.filter((code) => code === 0)).toHaveLength(2);
    expect(answers.filter((code) => code === 0x81)).toHaveLength(14);
  });

  test('a level above the session’s is refused, as in v2.0', async () => {
    await using wire = await createWire({ ipmi15: 'per-message' });
    const { id, first } = await activated(wire, 3);
    const ask = async (step: number, data: number): Promise<number | undefined> => {
      const payload = requestPayload(0x06, 0x3b, [data]);
      return (await send(wire, signSessionV1({ sessionId: id, sessionSequence: first + step, payload }, key)))?.message
        .completionCode;
    };
    expect(await ask(0, 3)).toBe(0);
    expect(await ask(1, 4)).toBe(0x81);
  });

  test('use keeps a session, a minute of silence ends it', async () => {
    await using wire = await createWire({ ipmi15: 'per-message' });
    const { id, first } = await activated(wire);
    const ask = (step: number) =>
      send(wire, signSessionV1({ sessionId: id, sessionSequence: first + step, payload: deviceId }, key));
    for (const step of [0, 1, 2]) {
      await wire.clock.advance(60_000);
      expect(await ask(step)).toBeDefined();
    }
    await wire.clock.advance(60_001);
    expect(await ask(3)).toBeUndefined();
  });

  test('a controller of v1.5 alone refuses the v2.0 bit and is deaf to RMCP+', async () => {
    await using wire = await createWire({ ipmi15: 'per-message', personality: onlyIpmi15 });
    expect((await askBare(wire, 0x06, 0x38, [0x8e, 4]))?.completionCode).toBe(0xcc);
    expect((await askBare(wire, 0x06, 0x38, [0x0e, 4]))?.data[1]).toBe(0x04);
    expect(await openSession(wire, { suite: 3 })).toBeUndefined();
    expect(await activated(wire)).toBeDefined();
  });

  test('the number of the activation is used twice (ipmi_sim)', async () => {
    await using wire = await createWire({ ipmi15: 'per-message', personality: { v15FirstNumber: 'used-twice' } });
    const { id, first } = await activated(wire);
    const answer = await send(wire, signSessionV1({ sessionId: id, sessionSequence: first, payload: deviceId }, key));
    expect(answer?.session.sessionSequence).toBe(FIRST_OUTBOUND);
  });

  test('Activate Session admits the user’s limit alone, else D4h (Xyratex HB-F8-SRAY)', async () => {
    await using wire = await createWire({ ipmi15: 'per-message', personality: { v15Level: 'limit-only' } });
    const { temporaryId, challenge } = await challenged(wire);
    const packet = { sessionId: temporaryId, sessionSequence: 0, payload: activation(challenge, 3) };
    expect((await send(wire, signSessionV1(packet, key)))?.message.completionCode).toBe(0xd4);
    expect(await activated(wire, 4)).toBeDefined();
  });

  test('16 bytes of a longer password are enough (X8DTG-D)', async () => {
    const users = [{ name: 'admin', password: 'seventeen bytes !', privilege: 4 }];
    await using wire = await createWire({ ipmi15: 'per-message', users, personality: { v15LongPassword: 'cut' } });
    const { temporaryId, challenge } = await challenged(wire);
    const packet = { sessionId: temporaryId, sessionSequence: 0, payload: activation(challenge) };
    const cut = v1Key(Buffer.from('seventeen bytes '));
    expect((await send(wire, signSessionV1(packet, cut)))?.message.completionCode).toBe(0);
  });

  test('numbers come most significant byte first, under a right code (Sun Fire 4100)', async () => {
    await using wire = await createWire({ ipmi15: 'per-message', personality: { v15SequenceOrder: 'big-endian' } });
    const { id, first } = await activated(wire);
    const answer = await send(wire, signSessionV1({ sessionId: id, sessionSequence: first, payload: deviceId }, key));
    expect(answer?.session.sessionSequence.toString(16)).toBe('5030201');
    const { temporaryId, challenge } = await challenged(wire);
    const packet = { sessionId: temporaryId, sessionSequence: 0, payload: activation(challenge) };
    expect((await send(wire, signSessionV1(packet, key)))?.session.sessionSequence.toString(16)).toBe('4030201');
    expect(answer && verifySessionV1(answer.session, key)).toBe(true);
  });

  test('answers under session id 0 (Tyan S2882)', async () => {
    await using wire = await createWire({ ipmi15: 'per-message', personality: { v15SessionId: 'zero' } });
    const { id, first } = await activated(wire);
    const answer = await send(wire, signSessionV1({ sessionId: id, sessionSequence: first, payload: deviceId }, key));
    expect(answer?.session.sessionId).toBe(0);
  });
});
