import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../../../src/foundation/bytes/byte-reader.ts';
import { cipherSuites, encryptsPackets, signsPackets } from '../../../../src/protocols/ipmi/cipher-suites.ts';
import { decodeCipherSuiteRecords } from '../../../../src/protocols/ipmi/commands/application/get-channel-cipher-suites.ts';
import { decodeDatagram, encodeDatagramV2 } from '../../../../src/protocols/ipmi/datagram.ts';
import { decodeOpenSessionResponse } from '../../../../src/protocols/ipmi/open-session.ts';
import { rakpKey, rakpMessage2Code, rakpMessage4CheckValue } from '../../../../src/protocols/ipmi/rakp/keys.ts';
import { PayloadType, sessionlessV2 } from '../../../../src/protocols/ipmi/session-v2.ts';
import { askBare, createWire, logIn, openSession, STRANGER, sessionOf, suiteOf } from './wire-console.ts';

const all = cipherSuites.map(({ id }) => id);
const CHASSIS_STATUS = [0x00, 0x01] as const;
const GET_DEVICE_ID = [0x06, 0x01] as const;
const SET_PRIVILEGE = [0x06, 0x3b] as const;
const CLOSE_SESSION = [0x06, 0x3c] as const;

describe.each(all)('suite %i (§13.28, §22.15.2)', (id) => {
  const suite = suiteOf(id);

  test('codes are as long as its algorithms say, and ours', async () => {
    await using wire = await createWire({ cipherSuites: all });
    const { message2, message4, exchange, sik } = await logIn(wire, { suite: id });
    if (!message2 || !message4 || !exchange || !sik) throw new Error('no session');
    expect(message2.length).toBe(40 + suite.keyExchangeCodeBytes);
    expect(message4.length).toBe(8 + suite.checkValueBytes);
    expect(message2.subarray(40)).toEqual(rakpMessage2Code(suite, rakpKey(Buffer.from('secret')), exchange));
    expect(message4.subarray(8)).toEqual(rakpMessage4CheckValue(suite, sik, exchange));
  });

  test('packets are signed and encrypted as it says, no more and no less', async () => {
    await using wire = await createWire({ cipherSuites: all });
    const session = await sessionOf(wire, { suite: id });
    const sealed = session.seal(...GET_DEVICE_ID);
    const [answer] = await wire.exchange(sealed);
    const packet = decodeDatagram(answer ?? Buffer.alloc(0)).session;
    expect(packet).toMatchObject({ authenticated: signsPackets(suite), encrypted: encryptsPackets(suite) });
    expect(packet.trailer.length >= suite.integrityCodeBytes).toBe(true);
    expect((await session.ask(...CHASSIS_STATUS)).completionCode).toBe(0);
    // The other bit, claimed or left out, is never taken.
    for (const bit of [0x40, 0x80]) {
      const other = session.seal(...GET_DEVICE_ID);
      other[5] = (other[5] ?? 0) ^ bit;
      expect(await wire.exchange(other)).toEqual([]);
    }
    expect(wire.bmc.dropped).toBe(2);
  });

  test('two-key login keys packets by K_G, and the password alone does not do', async () => {
    const kg = Buffer.from('0011223344556677889900112233445566778899', 'hex');
    await using wire = await createWire({ cipherSuites: all, kg });
    const { session } = await logIn(wire, { suite: id, kg });
    expect((await session?.ask(...GET_DEVICE_ID))?.completionCode).toBe(0);
    const { session: oneKey } = await logIn(wire, { suite: id });
    // MD5-128 is keyed by the password, so only encryption tells; without either there is nothing to tell.
    const protectedByKg = id !== 11 && (signsPackets(suite) || encryptsPackets(suite));
    const answers = await wire.exchange(oneKey?.seal(...GET_DEVICE_ID) ?? Buffer.alloc(0));
    expect(answers.length).toBe(protectedByKg ? 0 : 1);
  });

  test('a wrong password is refused with 0Fh and leaves no session, where passwords count', async () => {
    await using wire = await createWire({ cipherSuites: all });
    const { message4 } = await logIn(wire, { suite: id, password: 'wrong' });
    const counts = suite.hash !== undefined;
    expect(message4?.[1]).toBe(counts ? 0x0f : 0);
    expect(wire.bmc.sessions).toBe(counts ? 0 : 1);
  });
});

describe('Open Session and the list of suites', () => {
  test('a suite that is off is refused with 11h', async () => {
    await using wire = await createWire({ cipherSuites: [17] });
    expect((await openSession(wire, { suite: 3 }))?.toString('hex')).toBe('011100000d0c0b0a');
  });

  test('a level that the suite may not have is refused; the highest is the one it may', async () => {
    await using wire = await createWire({ cipherSuites: [3, 17], suitePrivileges: { 3: 2 } });
    expect((await openSession(wire, { suite: 3, privilege: 4 }))?.[1]).toBe(0x0a);
    const opened = await openSession(wire, { suite: 3, privilege: 0 });
    expect(decodeOpenSessionResponse(new ByteReader(opened ?? Buffer.alloc(0)))).toMatchObject({
      maximumPrivilegeLevel: 2,
    });
    const session = await sessionOf(wire, { suite: 3, privilege: 0 });
    expect((await session.ask(...SET_PRIVILEGE, [4])).completionCode).toBe(0x81);
    expect((await session.ask(...SET_PRIVILEGE, [2])).data).toEqual(Buffer.of(2));
  });

  test('twelve suites are listed in pages of 16 bytes', async () => {
    await using wire = await createWire({ cipherSuites: all });
    const pages: Buffer[] = [];
    for (let index = 0; index < 5; index++) {
      pages.push((await askBare(wire, 0x06, 0x54, [0x0e, 0, 0x80 | index]))?.data ?? Buffer.alloc(0));
    }
    expect(pages.map((page) => page.length - 1)).toEqual([16, 16, 16, 12, 0]);
    const list = Buffer.concat(pages.map((page) => page.subarray(1)));
    expect(decodeCipherSuiteRecords(list).map(({ id }) => id)).toEqual(all);
  });

  test('algorithms alone are listed once each; another channel is refused', async () => {
    await using wire = await createWire({ cipherSuites: [3, 17, 8] });
    expect((await askBare(wire, 0x06, 0x54, [0x0e, 0, 0]))?.data.toString('hex')).toBe(
      '01' + '010302' + '414442' + '81',
    );
    expect((await askBare(wire, 0x06, 0x54, [0x05, 0, 0x80]))?.completionCode).toBe(0xcc);
  });
});

describe('users (§13.20)', () => {
  const users = [
    { name: '', password: 'guest', privilege: 2 },
    { name: '', password: 'null admin', privilege: 4 },
    { name: 'admin', password: 'secret', privilege: 4 },
    { name: 'oper', password: 'works', privilege: 3 },
    { name: 'off', password: 'secret', privilege: 4, enabled: false },
    { name: 'serial', password: 'secret', privilege: 4, lanAccess: false },
  ];

  test.each([
    ['by name', { name: 'admin', role: 0x14 }, 0],
    ['by name, a lower level', { name: 'admin', role: 0x12 }, 0],
    ['by name, more than the limit', { name: 'oper', password: 'works', role: 0x14 }, 0x0a],
    ['by name, the highest', { name: 'oper', password: 'works', role: 0x10 }, 0],
    ['by name and role', { name: 'oper', password: 'works', role: 0x03 }, 0],
    ['by name and another role', { name: 'admin', role: 0x03 }, 0x0a],
    ['by role alone: the null user of that level', { name: '', password: 'null admin', role: 0x04 }, 0],
    ['null name alone: the first null user', { name: '', password: 'guest', role: 0x12 }, 0],
    ['unknown', { name: 'nobody', role: 0x14 }, 0x0d],
    ['disabled', { name: 'off', role: 0x14 }, 0x0d],
    ['without access over LAN', { name: 'serial', role: 0x14 }, 0x0d],
    ['no level at all', { name: 'admin', role: 0x1f }, 0x09],
  ])('%s', async (_what, login, status) => {
    await using wire = await createWire({ users });
    const { message2, message4 } = await logIn(wire, { suite: 17, ...login });
    if (status === 0) expect(message4?.[1]).toBe(0);
    else expect(message2?.toString('hex')).toBe(`02${status.toString(16).padStart(2, '0')}00000d0c0b0a`);
    expect(wire.bmc.sessions).toBe(status === 0 ? 1 : 0);
  });

  test('a session starts at USER and is raised to what its login asked for, not further', async () => {
    await using wire = await createWire({ users });
    const session = await sessionOf(wire, { suite: 17, name: 'admin', role: 0x13 });
    expect((await session.ask(...SET_PRIVILEGE, [0])).data).toEqual(Buffer.of(2));
    expect((await session.ask(0x00, 0x02, [1])).completionCode).toBe(0xd4);
    expect((await session.ask(...SET_PRIVILEGE, [3])).data).toEqual(Buffer.of(3));
    expect((await session.ask(...SET_PRIVILEGE, [4])).completionCode).toBe(0x81);
    expect((await session.ask(0x00, 0x02, [1])).completionCode).toBe(0);
    expect(wire.bmc.powerLog).toHaveLength(1);
  });

  test.each([
    [users, 0b0110, 'null and other names'],
    [[{ name: '', password: '', privilege: 2 }], 0b0001, 'anonymous'],
    [[{ name: '', password: 'x', privilege: 2, enabled: false }], 0b0000, 'nobody'],
  ])('capabilities tell which names there are: %#', async (list, bits) => {
    await using wire = await createWire({ users: list });
    expect((await askBare(wire, 0x06, 0x38, [0x8e, 4]))?.data[2]).toBe(bits);
  });
});

describe('what a session takes (§6.12.13, §13.28.4)', () => {
  test('numbers up to 15 ahead and 16 behind, each once, never 0', async () => {
    await using wire = await createWire();
    const session = await sessionOf(wire, { suite: 17 });
    const answered = async (sequence: number): Promise<boolean> =>
      (await wire.exchange(session.seal(...GET_DEVICE_ID, [], sequence))).length === 1;
    expect(await answered(100)).toBe(true);
    expect(await answered(100)).toBe(false);
    expect(await answered(116)).toBe(false);
    expect(await answered(115)).toBe(true);
    expect(await answered(99)).toBe(true);
    expect(await answered(99)).toBe(false);
    expect(await answered(98)).toBe(false);
    expect(await answered(0)).toBe(false);
  });

  test('numbers go on past the largest', async () => {
    await using wire = await createWire();
    const session = await sessionOf(wire, { suite: 17 });
    for (const sequence of [0xffff_fffe, 0xffff_ffff, 1]) {
      expect(await wire.exchange(session.seal(...GET_DEVICE_ID, [], sequence))).toHaveLength(1);
    }
  });

  test('a forgery does not move the window', async () => {
    await using wire = await createWire();
    const session = await sessionOf(wire, { suite: 17 });
    const forged = session.seal(...GET_DEVICE_ID, [], 9);
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    expect(await wire.exchange(forged)).toEqual([]);
    expect(await wire.exchange(session.seal(...GET_DEVICE_ID, [], 1))).toHaveLength(1);
  });

  test.each([0, 3, 17])('suite %i: nobody else uses it, from another address or another port', async (suite) => {
    await using wire = await createWire({ cipherSuites: all });
    const session = await sessionOf(wire, { suite });
    expect(await wire.exchange(session.seal(...GET_DEVICE_ID), STRANGER)).toEqual([]);
    const otherPort = { address: '192.0.2.1', port: 50_001 };
    expect(await wire.exchange(session.seal(...GET_DEVICE_ID), otherPort)).toEqual([]);
    expect(wire.bmc.requests.get('Get Device ID')).toBeUndefined();
    expect(wire.bmc.dropped).toBe(2);
  });

  test('outside a session only what needs none is answered', async () => {
    await using wire = await createWire();
    expect((await askBare(wire, ...CHASSIS_STATUS, []))?.completionCode).toBe(0xd4);
    expect((await askBare(wire, 0x00, 0x02, [1]))?.completionCode).toBe(0xd4);
    expect((await askBare(wire, 0x06, 0x38, [0x8e, 4]))?.completionCode).toBe(0);
    expect((await askBare(wire, 0x06, 0x38, [0x8e, 9]))?.completionCode).toBe(0xcc);
    expect(wire.bmc.powerLog).toEqual([]);
  });

  test('a payload type that nothing takes is dropped', async () => {
    await using wire = await createWire();
    expect(await wire.exchange(encodeDatagramV2(sessionlessV2(PayloadType.sol, Buffer.alloc(4))))).toEqual([]);
    expect(wire.bmc.dropped).toBe(1);
  });

  test('closed by itself it is gone; another one only an administrator closes', async () => {
    await using wire = await createWire();
    const first = await sessionOf(wire, { suite: 17 });
    const second = await sessionOf(wire, { suite: 17 });
    const idOf = ({ id }: { readonly id: number }): Buffer => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(id);
      return bytes;
    };
    expect((await first.ask(...CLOSE_SESSION, idOf(second))).completionCode).toBe(0xd4);
    await first.ask(...SET_PRIVILEGE, [4]);
    expect((await first.ask(...CLOSE_SESSION, idOf(second))).completionCode).toBe(0);
    expect(await wire.exchange(second.seal(...GET_DEVICE_ID))).toEqual([]);
    expect((await first.ask(...CLOSE_SESSION, [1, 2, 3, 4])).completionCode).toBe(0x87);
    expect((await first.ask(...CLOSE_SESSION, idOf(first))).completionCode).toBe(0);
    expect(wire.bmc.sessions).toBe(0);
  });
});
