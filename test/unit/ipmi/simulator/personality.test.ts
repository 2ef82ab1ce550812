import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../../../src/foundation/bytes/byte-reader.ts';
import { cipherSuites } from '../../../../src/protocols/ipmi/cipher-suites.ts';
import { decodeDatagram } from '../../../../src/protocols/ipmi/datagram.ts';
import { decodeIpmiResponse } from '../../../../src/protocols/ipmi/message.ts';
import { decodeOpenSessionResponse } from '../../../../src/protocols/ipmi/open-session.ts';
import { openProtectedPayload } from '../../../../src/protocols/ipmi/protected-payload.ts';
import { PayloadType } from '../../../../src/protocols/ipmi/session-v2.ts';
import {
  forgetfulBootFlags,
  impatient,
  noCipherQuery,
  openBmc,
  type Personality,
  pyghmiBmc,
  sessionLimited,
  slow,
  strict,
  suite3Only,
  suite17Only,
} from '../../../../src/simulator/bmc/personality.ts';
import {
  askBare,
  createWire,
  handshake,
  logIn,
  openSession,
  STRANGER,
  sessionOf,
  suiteOf,
  type Wire,
} from './wire-console.ts';

const all = cipherSuites.map(({ id }) => id);
const GET_DEVICE_ID = [0x06, 0x01] as const;
const wireWith = (personality: Partial<Personality>): Promise<Wire> => createWire({ personality, cipherSuites: all });
const hex = (bytes: Buffer | undefined): string | undefined => bytes?.toString('hex');

describe('before a session', () => {
  test.each([
    ['suite3Only', suite3Only, 17, 3],
    ['suite17Only', suite17Only, 3, 17],
  ])('%s', async (_name, personality, refused, granted) => {
    await using wire = await createWire({ personality });
    expect(hex(await openSession(wire, { suite: refused }))).toBe('011100000d0c0b0a');
    expect((await openSession(wire, { suite: granted }))?.length).toBe(36);
  });

  test('noCipherQuery is silent about its suites, in either framing, and answers all else', async () => {
    await using wire = await wireWith(noCipherQuery);
    expect(await askBare(wire, 0x06, 0x54, [0x0e, 0, 0x80])).toBeUndefined();
    expect((await askBare(wire, 0x06, 0x38, [0x8e, 4]))?.completionCode).toBe(0);
    const session = await sessionOf(wire, { suite: 17 });
    expect((await session.ask(0x06, 0x54, [0x0e, 0, 0x80])).completionCode).toBe(0);
  });

  test('the presence ping is answered with its tag, or not at all', async () => {
    const ping = Buffer.from('0600ff06000011be80420000', 'hex');
    await using wire = await createWire();
    expect((await wire.exchange(ping)).map(hex)).toEqual(['0600ff06000011be40420010000011be000000008100000000000000']);
    ping[8] = 0x81;
    expect(await wire.exchange(ping)).toEqual([]);
    expect(wire.bmc.dropped).toBe(1);
    await using silent = await createWire({ personality: openBmc });
    expect(await silent.exchange(Buffer.from('0600ff06000011be80420000', 'hex'))).toEqual([]);
  });

  test('the list of suites is not that of those which work (X8DTG)', async () => {
    await using wire = await wireWith({ listedSuites: [17] });
    expect(hex((await askBare(wire, 0x06, 0x54, [0x0e, 0, 0x80]))?.data)).toBe('01c011034481');
    expect((await openSession(wire, { suite: 3 }))?.length).toBe(36);
  });

  test('slow answers after 0.7 s', async () => {
    await using wire = await wireWith(slow);
    expect(await askBare(wire, 0x06, 0x38, [0x8e, 4])).toBeUndefined();
    await wire.clock.advance(699);
    expect(wire.received()).toHaveLength(0);
    await wire.clock.advance(1);
    expect(wire.received()).toHaveLength(1);
  });

  test('wrong capability bits', async () => {
    await using wire = await wireWith({ capabilityBits: 'wrong' });
    expect((await askBare(wire, 0x06, 0x38, [0x8e, 4]))?.data[2]).toBe(0x23);
  });
});

describe('Open Session', () => {
  test.each([
    ['01h, Intel M50CYP', 0x01],
    ['0Ah, Supermicro', 0x0a],
    ['12h, MSI', 0x12],
  ])('a suite that is off: %s', async (_who, disabledSuiteStatus) => {
    await using wire = await createWire({ personality: { disabledSuiteStatus }, cipherSuites: [17] });
    expect((await openSession(wire, { suite: 3 }))?.[1]).toBe(disabledSuiteStatus);
  });

  test.each([
    [8, '011100000d0c0b0a'],
    [36, `011100000d0c0b0a${'00'.repeat(28)}`],
    [2, '0111'],
    [1, 'c7'],
  ] as const)('a refusal of %i bytes', async (openSessionRefusalBytes, bytes) => {
    await using wire = await createWire({ personality: { openSessionRefusalBytes }, cipherSuites: [17] });
    expect(hex(await openSession(wire, { suite: 3 }))).toBe(bytes);
  });

  test('the highest level is echoed as 0 (Intel)', async () => {
    await using wire = await wireWith({ highestPrivilege: 'echoed' });
    expect((await openSession(wire, { suite: 3, privilege: 0 }))?.[2]).toBe(0);
    await using other = await wireWith({});
    expect((await openSession(other, { suite: 3, privilege: 0 }))?.[2]).toBe(4);
  });

  test('a suite admits its own level alone (an early Tyan)', async () => {
    await using wire = await wireWith({ suiteLevel: 'limit-only' });
    expect((await openSession(wire, { suite: 3, privilege: 3 }))?.[1]).toBe(0x0a);
    for (const privilege of [0, 4]) expect((await openSession(wire, { suite: 3, privilege }))?.[1]).toBe(0);
  });

  test('suite 3 is granted whatever was asked, and meant (pyghmi)', async () => {
    await using wire = await createWire({ personality: pyghmiBmc });
    const opened = decodeOpenSessionResponse(
      new ByteReader((await openSession(wire, { suite: 17 })) ?? Buffer.alloc(0)),
    );
    expect(opened).toMatchObject({ status: 0, algorithms: { authentication: 1, integrity: 1, confidentiality: 1 } });
    expect((await logIn(wire, { suite: 17 })).message2?.length).toBe(40 + 20);
  });

  test('sessionLimited has four places, freed by closing and by idling alone', async () => {
    await using wire = await createWire({ personality: sessionLimited });
    const sessions = [];
    for (let count = 0; count < 4; count++) sessions.push(await sessionOf(wire, { suite: 17 }));
    expect(hex(await openSession(wire, { suite: 17 }))).toBe('010100000d0c0b0a');
    const id = Buffer.alloc(4);
    id.writeUInt32LE(sessions[0]?.id ?? 0);
    await sessions[0]?.ask(0x06, 0x3c, id);
    expect((await sessionOf(wire, { suite: 17 })).id).not.toBe(0);
    expect((await openSession(wire, { suite: 17 }))?.[1]).toBe(1);
    await wire.clock.advance(60_001);
    expect((await openSession(wire, { suite: 17 }))?.[1]).toBe(0);
  });

  test('a handshake that takes more than 3 s is forgotten (OpenBMC)', async () => {
    await using wire = await createWire({ personality: openBmc });
    const opened = await openSession(wire, { suite: 17 });
    await wire.clock.advance(3_001);
    const message1 = Buffer.concat([
      Buffer.of(2, 0, 0, 0),
      opened?.subarray(8, 12) ?? Buffer.alloc(0),
      Buffer.alloc(16),
    ]);
    const rest = Buffer.concat([Buffer.of(0x14, 0, 0, 5), Buffer.from('admin')]);
    expect((await handshake(wire, PayloadType.rakpMessage1, Buffer.concat([message1, rest])))?.[1]).toBe(0x02);
  });
});

describe('in a session', () => {
  test('numbers skip: 1, 3, 5 (ASRock MT-C224)', async () => {
    await using wire = await wireWith({ sequenceStep: 2 });
    const session = await sessionOf(wire, { suite: 17 });
    const numbers = [];
    for (let count = 0; count < 3; count++) {
      const [answer] = await wire.exchange(session.seal(...GET_DEVICE_ID));
      numbers.push(decodeDatagram(answer ?? Buffer.alloc(0)).session.sessionSequence);
    }
    expect(numbers).toEqual([1, 3, 5]);
  });

  test('inner checksums are wrong, the packet’s code is right (X9SCM-iiF, X9DRi-F)', async () => {
    await using wire = await wireWith({ innerChecksums: 'wrong' });
    const session = await sessionOf(wire, { suite: 17 });
    const [answer] = await wire.exchange(session.seal(...GET_DEVICE_ID));
    const datagram = decodeDatagram(answer ?? Buffer.alloc(0));
    if (datagram.format !== 'v2.0') throw new Error('not RMCP+');
    const payload = openProtectedPayload(datagram.session, datagram.signed, session.protection);
    if (typeof payload === 'string') throw new Error(payload);
    expect(() => decodeIpmiResponse(new ByteReader(payload))).toThrow(/checksum/);
    expect(decodeIpmiResponse(new ByteReader(payload), 'ignore').completionCode).toBe(0);
    expect((await askBare(wire, 0x06, 0x38, [0x8e, 4]))?.completionCode).toBe(0);
  });

  test.each(all)('suite %i: an integrity pad that leaves the trailer out of the count', async (suite) => {
    await using wire = await wireWith({ integrityPad: 'without-trailer' });
    const session = await sessionOf(wire, { suite });
    for (const [netFn, command] of [GET_DEVICE_ID, [0x00, 0x01]] as const) {
      const [answer] = await wire.exchange(session.seal(netFn, command));
      const { payload, trailer } = decodeDatagram(answer ?? Buffer.alloc(0)).session;
      const code = suiteOf(suite).integrityCodeBytes;
      if (code > 0) {
        const pad = trailer[trailer.length - code - 2] ?? 255;
        expect((payload.length + pad) % 4).toBe(0);
        expect(trailer.length).toBe(pad + 2 + code);
      }
      expect(session.open(answer ? [answer] : [])).toHaveLength(1);
    }
  });

  test.each(all)('suite %i: answers carry no code (X8DTG)', async (suite) => {
    await using wire = await wireWith({ packetCodes: 'left-out' });
    const session = await sessionOf(wire, { suite });
    const [answer] = await wire.exchange(session.seal(...GET_DEVICE_ID));
    const packet = decodeDatagram(answer ?? Buffer.alloc(0)).session;
    expect(packet).toMatchObject({ authenticated: false, encrypted: suiteOf(suite).confidentiality === 1 });
    expect(packet.trailer.length).toBe(0);
    if (suiteOf(suite).integrity !== 0) expect(() => session.open(answer ? [answer] : [])).toThrow(/unprotected/);
  });

  test('bytes behind an answer (DL380 G5), and none behind a refusal', async () => {
    await using wire = await wireWith({ extraResponseBytes: 12 });
    const session = await sessionOf(wire, { suite: 17 });
    const { data } = await session.ask(...GET_DEVICE_ID);
    expect(data.subarray(-12)).toEqual(Buffer.alloc(12));
    await using plain = await wireWith({});
    expect(data.length).toBe((await (await sessionOf(plain, { suite: 17 })).ask(...GET_DEVICE_ID)).data.length + 12);
    expect((await session.ask(0x06, 0x7f)).data.length).toBe(0);
  });

  test('a request that repeats the last one gets CFh and is not carried out', async () => {
    await using wire = await wireWith({ repeatedRequest: 'refused' });
    const session = await sessionOf(wire, { suite: 17 });
    await session.ask(0x06, 0x3b, [4]);
    const { suite } = session.protection;
    expect(suite.id).toBe(17);
    const [first] = session.open(await wire.exchange(session.seal(0x00, 0x02, [1])));
    // The same bytes under the next session number: 64 requests on, the requester's number is the same again.
    for (let count = 0; count < 63; count++) session.seal(0x00, 0x01, [], 1);
    const [second] = session.open(await wire.exchange(session.seal(0x00, 0x02, [1])));
    expect([first?.completionCode, second?.completionCode]).toEqual([0, 0xcf]);
    expect(wire.bmc.powerLog).toHaveLength(1);
  });

  test('a command wants more privilege than the book says (H8QME)', async () => {
    await using wire = await wireWith({ operatorCommands: [0x0601] });
    const session = await sessionOf(wire, { suite: 17 });
    expect((await session.ask(...GET_DEVICE_ID)).completionCode).toBe(0xd4);
    await session.ask(0x06, 0x3b, [3]);
    expect((await session.ask(...GET_DEVICE_ID)).completionCode).toBe(0);
  });

  test('whoever has the keys may use the session, and is answered where it is (OpenBMC)', async () => {
    await using wire = await createWire({ personality: openBmc });
    const session = await sessionOf(wire, { suite: 17 });
    expect(await wire.exchange(session.seal(...GET_DEVICE_ID), STRANGER)).toHaveLength(1);
  });

  test.each([
    ['strict', strict, 60_000],
    ['impatient', impatient, 30_000],
  ])('%s ends idle sessions after its time', async (_name, personality, idleMs) => {
    await using wire = await createWire({ personality });
    const session = await sessionOf(wire, { suite: 17 });
    for (let used = 0; used < 3; used++) {
      await wire.clock.advance(idleMs);
      expect((await session.ask(...GET_DEVICE_ID)).completionCode).toBe(0);
    }
    await wire.clock.advance(idleMs + 1);
    expect(await wire.exchange(session.seal(...GET_DEVICE_ID))).toEqual([]);
    expect(wire.bmc.sessions).toBe(0);
  });
});

describe('boot flags', () => {
  const set = [0x05, 0xe0, 0x04, 0, 0, 0];

  async function readBack(personality: Partial<Personality>, afterMs = 0): Promise<string> {
    await using wire = await createWire({ personality });
    const session = await sessionOf(wire, { suite: 17 });
    await session.ask(0x06, 0x3b, [3]);
    await session.ask(0x00, 0x08, [0x03, 0x08]);
    expect((await session.ask(0x00, 0x08, set)).completionCode).toBe(0);
    await wire.clock.advance(afterMs);
    return (await session.ask(0x00, 0x09, [5, 0, 0])).data.subarray(2, 4).toString('hex');
  }

  test.each([
    ['kept', {}, 0, 'e004'],
    ['the device alone (ipmi_sim)', forgetfulBootFlags, 0, '0004'],
    ['without EFI and persistent', { bootFlags: 'without-efi-and-persistent' } as const, 0, '8004'],
    ['still there', { bootFlagsLostAfterMs: 5_000 }, 4_999, 'e004'],
    ['lost after a time', { bootFlagsLostAfterMs: 5_000 }, 5_000, '0000'],
  ])('%s', async (_what, personality, afterMs, flags) => {
    expect(await readBack(personality, afterMs)).toBe(flags);
  });
});

describe('a controller that restarts', () => {
  test('is silent for its time, has lost its sessions and then takes new ones', async () => {
    await using wire = await createWire();
    const session = await sessionOf(wire, { suite: 17 });
    wire.bmc.restart(10_000);
    expect(wire.bmc.sessions).toBe(0);
    await wire.clock.advance(9_999);
    expect(await askBare(wire, 0x06, 0x38, [0x8e, 4])).toBeUndefined();
    await wire.clock.advance(1);
    expect((await askBare(wire, 0x06, 0x38, [0x8e, 4]))?.completionCode).toBe(0);
    expect(await wire.exchange(session.seal(...GET_DEVICE_ID))).toEqual([]);
    expect((await (await sessionOf(wire, { suite: 17 })).ask(...GET_DEVICE_ID)).completionCode).toBe(0);
  });

  test('forgetSessions loses them at once', async () => {
    await using wire = await createWire();
    const session = await sessionOf(wire, { suite: 17 });
    wire.bmc.forgetSessions();
    expect(await wire.exchange(session.seal(...GET_DEVICE_ID))).toEqual([]);
  });
});
