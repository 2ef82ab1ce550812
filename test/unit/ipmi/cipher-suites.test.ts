import { describe, expect, test } from 'vitest';
import {
  type CipherSuite,
  cipherSuiteById,
  cipherSuiteOf,
  cipherSuites,
  encryptsPackets,
  signsPackets,
} from '../../../src/protocols/ipmi/cipher-suites.ts';
import { encodeProtectedDatagram } from '../../../src/protocols/ipmi/protected-payload.ts';
import {
  packetKeys,
  type RakpExchange,
  rakpKey,
  rakpMessage2Code,
  rakpMessage3Code,
  rakpMessage4CheckValue,
  sameCode,
  sessionIntegrityKey,
} from '../../../src/protocols/ipmi/rakp/keys.ts';

function suite(id: number): CipherSuite {
  const found = cipherSuiteById(id);
  if (found === undefined) throw new Error(`no suite ${id}`);
  return found;
}

const exchange: RakpExchange = {
  remoteConsoleSessionId: 1,
  managedSystemSessionId: 2,
  remoteConsoleRandom: Buffer.alloc(16, 1),
  managedSystemRandom: Buffer.alloc(16, 2),
  managedSystemGuid: Buffer.alloc(16, 3),
  role: 0x14,
  userName: Buffer.from('admin'),
};
const key = rakpKey(Buffer.from('secret'));

describe('cipher suites (§22.15.2, Table 22-20)', () => {
  // Authentication, integrity, confidentiality; bytes of RAKP codes, of the check value, of a packet's code.
  test.each([
    [0, 0, 0, 0, 0, 0, 0],
    [1, 1, 0, 0, 20, 12, 0],
    [2, 1, 1, 0, 20, 12, 12],
    [3, 1, 1, 1, 20, 12, 12],
    [6, 2, 0, 0, 16, 16, 0],
    [7, 2, 2, 0, 16, 16, 16],
    [8, 2, 2, 1, 16, 16, 16],
    [11, 2, 3, 0, 16, 16, 16],
    [12, 2, 3, 1, 16, 16, 16],
    [15, 3, 0, 0, 32, 16, 0],
    [16, 3, 4, 0, 32, 16, 16],
    [17, 3, 4, 1, 32, 16, 16],
  ])('suite %i', (id, authentication, integrity, confidentiality, codeBytes, checkBytes, integrityBytes) => {
    const found = suite(id);
    expect(found).toMatchObject({ id, authentication, integrity, confidentiality });
    expect(cipherSuiteOf({ authentication, integrity, confidentiality })).toBe(found);
    const sik = sessionIntegrityKey(found, key, exchange);
    expect(rakpMessage2Code(found, key, exchange).length).toBe(codeBytes);
    expect(rakpMessage3Code(found, key, exchange).length).toBe(codeBytes);
    expect(rakpMessage4CheckValue(found, sik, exchange).length).toBe(checkBytes);
    const packet = { payloadType: 0, sessionId: 1, sessionSequence: 1, payload: Buffer.alloc(10) };
    const protection = { suite: found, ...packetKeys(found, sik, key) };
    const bytes = encodeProtectedDatagram(packet, protection, Buffer.alloc(16));
    // RMCP, session header, vector and one block or the payload itself; then pad to 4, two bytes and the code.
    const body = 4 + 12 + (confidentiality === 1 ? 32 : 10);
    expect(bytes.length).toBe(integrityBytes === 0 ? body : body + (confidentiality === 1 ? 4 : 2) + integrityBytes);
    expect((bytes[5] ?? 0) & 0xc0).toBe((signsPackets(found) ? 0x40 : 0) | (encryptsPackets(found) ? 0x80 : 0));
  });

  test('those of RC4, of OEMs and mixtures that have no number are none of ours', () => {
    for (const id of [4, 5, 9, 10, 13, 14, 18, 19, 0x80, 255]) expect(cipherSuiteById(id)).toBeUndefined();
    expect(cipherSuiteOf({ authentication: 1, integrity: 1, confidentiality: 2 })).toBeUndefined();
    expect(cipherSuiteOf({ authentication: 3, integrity: 1, confidentiality: 1 })).toBeUndefined();
    expect(cipherSuites).toHaveLength(12);
  });

  test('only 3 and 17 are used unasked; what leaves packets unsigned must be asked for in words', () => {
    expect(cipherSuites.filter(({ admission }) => admission === 'default').map(({ id }) => id)).toEqual([3, 17]);
    for (const each of cipherSuites.filter((one) => !signsPackets(one))) expect(each.admission).toBe('insecure');
  });
});

describe('keys (§13.31, §13.32)', () => {
  test('MD5-128 signs by the password filled up to 20 bytes, whatever the exchange', () => {
    for (const id of [11, 12]) {
      const { k1 } = packetKeys(suite(id), Buffer.alloc(16, 9), key);
      expect(k1).toEqual(key);
      expect(k1).not.toBe(key);
    }
    expect(packetKeys(suite(8), Buffer.alloc(16, 9), key).k1).not.toEqual(key);
  });

  test('without authentication there is no key to derive, and an empty code equals an empty one only', () => {
    expect(sessionIntegrityKey(suite(0), key, exchange)).toEqual(Buffer.alloc(0));
    expect(sameCode(Buffer.alloc(0), Buffer.alloc(0))).toBe(true);
    expect(sameCode(Buffer.alloc(0), Buffer.alloc(1))).toBe(false);
  });

  test('each part of the exchange changes the codes', () => {
    const others: Partial<RakpExchange>[] = [
      { remoteConsoleSessionId: 9 },
      { managedSystemSessionId: 9 },
      { remoteConsoleRandom: Buffer.alloc(16, 9) },
      { managedSystemRandom: Buffer.alloc(16, 9) },
      { managedSystemGuid: Buffer.alloc(16, 9) },
      { role: 0x13 },
      { userName: Buffer.from('admi') },
    ];
    const code = rakpMessage2Code(suite(17), key, exchange);
    for (const other of others) expect(rakpMessage2Code(suite(17), key, { ...exchange, ...other })).not.toEqual(code);
  });
});
