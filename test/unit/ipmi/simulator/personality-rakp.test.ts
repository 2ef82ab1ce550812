import { describe, expect, test } from 'vitest';
import { cipherSuites } from '../../../../src/protocols/ipmi/cipher-suites.ts';
import { decodeDatagram, encodeDatagramV2 } from '../../../../src/protocols/ipmi/datagram.ts';
import { openProtectedPayload } from '../../../../src/protocols/ipmi/protected-payload.ts';
import { rakpKey, rakpMessage2Code, rakpMessage4CheckValue } from '../../../../src/protocols/ipmi/rakp/keys.ts';
import { PayloadType, sessionlessV2 } from '../../../../src/protocols/ipmi/session-v2.ts';
import {
  intel20,
  ipmiSim,
  openBmc,
  openSessionPrivilege,
  type Personality,
} from '../../../../src/simulator/bmc/personality.ts';
import { createWire, handshake, logIn, openSession, sessionOf, suiteOf, type Wire } from './wire-console.ts';

const all = cipherSuites.map(({ id }) => id);
const secret = rakpKey(Buffer.from('secret'));
const GET_DEVICE_ID = [0x06, 0x01] as const;
const wireWith = (personality: Partial<Personality>): Promise<Wire> => createWire({ personality, cipherSuites: all });
const hex = (bytes: Buffer | undefined): string | undefined => bytes?.toString('hex');

const padded = Buffer.from('admin'.padEnd(16, '\0'));
/** As FreeIPMI meets intel20. */
const toIntel20 = { name: padded.toString(), message3: { role: 0x04, userName: Buffer.from('admin') } };

describe('RAKP', () => {
  test('hashes cover the level of Open Session (X8DT*, C5220, S5500WBV)', async () => {
    await using wire = await wireWith(openSessionPrivilege);
    const login = { suite: 3, privilege: 0, role: 0x13 };
    const { message2, exchange } = await logIn(wire, login);
    if (!message2 || !exchange) throw new Error('no answer');
    expect(message2.subarray(40)).not.toEqual(rakpMessage2Code(suiteOf(3), secret, exchange));
    expect(message2.subarray(40)).toEqual(rakpMessage2Code(suiteOf(3), secret, { ...exchange, role: 0x10 }));
    expect((await logIn(wire, login)).message4?.[1]).toBe(0x0f);
    expect((await logIn(wire, { ...login, hashedRole: 0x10 })).message4?.[1]).toBe(0);
    // The same level in both places hides the defect.
    expect((await logIn(wire, { suite: 3, privilege: 3, role: 0x13 })).message4?.[1]).toBe(0);
  });

  test.each([
    ['without the name-only bit (82571)', { hashedRole: 'without-name-only-bit' }, { hashedRole: 0x04 }],
    ['with the name filled up', { userName: 'padded-in-hashes' }, { hashedName: padded }],
  ] as const)('hashes are made %s', async (_what, personality, hashed) => {
    await using wire = await wireWith(personality);
    expect((await logIn(wire, { suite: 17 })).message4?.[1]).toBe(0x0f);
    const session = await sessionOf(wire, { suite: 17, ...hashed });
    expect((await session.ask(...GET_DEVICE_ID)).completionCode).toBe(0);
  });

  test('the code of RAKP message 2 has a byte more (Sun Fire 4100)', async () => {
    await using wire = await wireWith({ keyExchangeCode: 'one-byte-more' });
    for (const suite of [3, 17]) {
      const { message2, message4, exchange } = await logIn(wire, { suite });
      if (!message2 || !exchange) throw new Error('no answer');
      expect(message2.subarray(40, -1)).toEqual(rakpMessage2Code(suiteOf(suite), secret, exchange));
      expect(message4?.[1]).toBe(0);
    }
  });

  test('RAKP message 3 covers the role without the name-only bit, and the bare name (intel20)', async () => {
    await using wire = await createWire({ personality: intel20 });
    const { name, message3 } = toIntel20;
    expect((await logIn(wire, { suite: 3, name })).message4?.[1]).toBe(0x0f);
    const session = await sessionOf(wire, { suite: 3, name, message3 });
    expect((await session.ask(...GET_DEVICE_ID)).completionCode).toBe(0);
  });

  test('names are known when they are filled up, and not otherwise (intel20)', async () => {
    await using wire = await wireWith({ userName: 'padded' });
    expect((await logIn(wire, { suite: 17 })).message2?.[1]).toBe(0x0d);
    const session = await sessionOf(wire, { suite: 17, name: padded.toString() });
    expect((await session.ask(...GET_DEVICE_ID)).completionCode).toBe(0);
  });

  test('a refused RAKP message 1 names nobody (OpenBMC)', async () => {
    await using wire = await createWire({ personality: openBmc });
    expect(hex((await logIn(wire, { suite: 17, name: 'nobody' })).message2)).toBe(`000d${'00'.repeat(38)}`);
  });

  test('HMAC-MD5 is keyed by 16 bytes of the password, SHA by all of it (intel20)', async () => {
    const users = [{ name: 'admin', password: 'eighteen bytes ...', privilege: 4 }];
    await using wire = await createWire({ users, personality: intel20 });
    expect((await logIn(wire, { suite: 8, password: 'eighteen bytes ...', ...toIntel20 })).message4?.[1]).toBe(0x0f);
    expect((await logIn(wire, { suite: 8, password: 'eighteen bytes .', ...toIntel20 })).message4?.[1]).toBe(0);
    expect((await logIn(wire, { suite: 3, password: 'eighteen bytes ...', ...toIntel20 })).message4?.[1]).toBe(0);
  });

  test.each([
    [1, 0],
    [6, 0],
    [3, 12],
    [8, 16],
  ])('suite %i: the check value is cut as integrity says, to %i bytes (intel20)', async (suite, bytes) => {
    await using wire = await createWire({ personality: intel20 });
    const { message4, exchange, sik } = await logIn(wire, { suite, ...toIntel20 });
    if (!message4 || !exchange || !sik) throw new Error('no answer');
    expect(message4.subarray(8)).toEqual(rakpMessage4CheckValue(suiteOf(suite), sik, exchange).subarray(0, bytes));
  });

  test('suite 0 gets a check value that nobody asked for (X8DTG)', async () => {
    await using wire = await wireWith({ checkValueUnasked: 'there' });
    expect((await logIn(wire, { suite: 0 })).message4?.length).toBe(8 + 12);
  });

  test.each([
    ['answered', 1],
    ['ignored', 0],
  ] as const)('a repeated RAKP message 1 is %s', async (repeatedRakpMessage1, answers) => {
    await using wire = await wireWith({ repeatedRakpMessage1 });
    const opened = await openSession(wire, { suite: 17 });
    const head = Buffer.concat([
      Buffer.of(2, 0, 0, 0),
      opened?.subarray(8, 12) ?? Buffer.alloc(0),
      Buffer.alloc(16, 1),
    ]);
    const message1 = Buffer.concat([head, Buffer.of(0x14, 0, 0, 5), Buffer.from('admin')]);
    const first = await handshake(wire, PayloadType.rakpMessage1, message1);
    const again = await handshake(wire, PayloadType.rakpMessage1, message1);
    expect(again ? 1 : 0).toBe(answers);
    if (again) expect(again).toEqual(first);
    // Another message of the same number is not a repeat.
    message1[8] = 2;
    expect(await handshake(wire, PayloadType.rakpMessage1, message1)).toBeUndefined();
  });

  test('a repeated RAKP message 3 is ignored, answered, or answered within the session (ipmi_sim)', async () => {
    const again = async (personality: Partial<Personality>) => {
      const wire = await createWire({ personality, cipherSuites: all });
      const { message3, message4, session } = await logIn(wire, { suite: 3 });
      const packet = encodeDatagramV2(sessionlessV2(PayloadType.rakpMessage3, message3 ?? Buffer.alloc(0)));
      const [answer] = await wire.exchange(packet);
      return { wire, message4, session, datagram: answer && decodeDatagram(answer) };
    };
    expect((await again({})).datagram).toBeUndefined();
    const answered = await again({ repeatedRakpMessage3: 'answered' });
    expect(answered.datagram?.session).toMatchObject({ sessionId: 0, payload: answered.message4 });
    const { datagram, session, message4 } = await again(ipmiSim);
    if (datagram?.format !== 'v2.0' || session === undefined) throw new Error('no packet of the session');
    expect(datagram.session).toMatchObject({
      payloadType: PayloadType.rakpMessage4,
      encrypted: true,
      authenticated: true,
    });
    expect(openProtectedPayload(datagram.session, datagram.signed, session.protection)).toEqual(message4);
  });
});
