import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CipherSuite, cipherSuites, signsPackets } from '../../../src/protocols/ipmi/cipher-suites.ts';
import { decodeCipherSuiteRecords } from '../../../src/protocols/ipmi/commands/application/get-channel-cipher-suites.ts';
import { decryptPayload } from '../../../src/protocols/ipmi/confidentiality.ts';
import { decodeDatagram, encodeDatagramV1, encodeDatagramV2 } from '../../../src/protocols/ipmi/datagram.ts';
import {
  encodeProtectedDatagram,
  openProtectedPayload,
  type SessionProtection,
} from '../../../src/protocols/ipmi/protected-payload.ts';
import { signSessionV1, verifySessionV1 } from '../../../src/protocols/ipmi/session-v1-authentication.ts';
import { PayloadType } from '../../../src/protocols/ipmi/session-v2.ts';
import { loadRecording, recordings } from '../../unit/ipmi/recorded-sessions.ts';
import { bits, buffer, flag, tryDecode, u32 } from './codec.ts';

fc.configureGlobal({ numRuns: 300, seed: 623 });

describe('datagrams', () => {
  const datagrams = recordings.flatMap((name) => loadRecording(name).map(({ bytes }) => bytes));

  test('any bytes behind an RMCP header decode to what is written back unchanged, or throw DecodeError', () => {
    const header = Buffer.of(0x06, 0x00, 0xff, 0x07);
    fc.assert(
      fc.property(buffer(0, 200), flag, (rest, v2) => {
        const bytes = Buffer.concat([header, v2 ? Buffer.of(0x06) : Buffer.alloc(0), rest]);
        const decoded = tryDecode(decodeDatagram, bytes);
        if (decoded === undefined) return;
        const datagram = decodeDatagram(bytes);
        const again =
          datagram.format === 'v1.5' ? encodeDatagramV1(datagram.session) : encodeDatagramV2(datagram.session);
        expect(again.toString('hex')).toBe(bytes.toString('hex'));
      }),
    );
  });

  test('recorded datagrams with bytes changed, cut and inserted decode or throw DecodeError', () => {
    const mutation = fc.record({ at: fc.nat(200), bytes: buffer(0, 4), remove: fc.nat(4) });
    fc.assert(
      fc.property(
        fc.constantFrom(...datagrams),
        fc.array(mutation, { minLength: 1, maxLength: 6 }),
        (datagram, mutations) => {
          let bytes = datagram;
          for (const { at, bytes: inserted, remove } of mutations) {
            const cut = at % (bytes.length + 1);
            bytes = Buffer.concat([bytes.subarray(0, cut), inserted, bytes.subarray(cut + remove)]);
          }
          tryDecode(decodeDatagram, bytes);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe('what has no fixed form', () => {
  test('any bytes as an encrypted payload or a cipher suite list: a value or DecodeError', () => {
    fc.assert(
      fc.property(buffer(0, 96), buffer(20), (bytes, k2) => void tryDecode((b) => decryptPayload(k2, b), bytes)),
    );
    fc.assert(fc.property(buffer(0, 96), (bytes) => void tryDecode(decodeCipherSuiteRecords, bytes)));
  });

  const protections = (suites: readonly CipherSuite[]): fc.Arbitrary<SessionProtection> =>
    fc.record({ suite: fc.constantFrom(...suites), k1: buffer(20), k2: buffer(20) });
  const signing = cipherSuites.filter(signsPackets);
  const unsigned = cipherSuites.filter((suite) => !signsPackets(suite));
  const packets = fc.record({
    payloadType: bits(6).filter((type) => type !== PayloadType.oemExplicit),
    sessionId: u32,
    sessionSequence: u32,
    payload: buffer(0, 300),
  });
  const open = (data: Buffer, protection: SessionProtection): Buffer | string => {
    const datagram = decodeDatagram(data);
    if (datagram.format !== 'v2.0') return 'v1.5';
    return openProtectedPayload(datagram.session, datagram.signed, protection);
  };
  const flip = (bytes: Buffer, at: number, bit: number): Buffer => {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ (1 << bit);
    return changed;
  };

  test('any payload, sealed by a suite that signs, is opened; with anything behind the RMCP header changed it is not', () => {
    fc.assert(
      fc.property(
        protections(signing),
        packets,
        buffer(16),
        fc.nat(),
        bits(3),
        (protection, packet, vector, at, bit) => {
          const bytes = encodeProtectedDatagram(packet, protection, vector);
          expect(open(bytes, protection)).toEqual(packet.payload);
          const changed = flip(bytes, 4 + (at % (bytes.length - 4)), bit);
          const opened = tryDecode((data) => open(data, protection), changed);
          expect(opened === undefined || typeof opened.value === 'string').toBe(true);
        },
      ),
    );
  });

  test('any payload, sealed by a suite that does not sign, is opened, and never when the packet claims protection', () => {
    fc.assert(
      fc.property(
        protections(unsigned),
        packets,
        buffer(16),
        fc.nat(),
        bits(3),
        (protection, packet, vector, at, bit) => {
          const bytes = encodeProtectedDatagram(packet, protection, vector);
          expect(open(bytes, protection)).toEqual(packet.payload);
          for (const claim of [6, 7]) expect(open(flip(bytes, 5, claim), protection)).toBe('unprotected');
          // Anything else may be believed, as nothing covers it; it still decodes or throws DecodeError.
          tryDecode((data) => open(data, protection), flip(bytes, 4 + (at % (bytes.length - 4)), bit));
        },
      ),
    );
  });

  test('what one suite seals, no suite with other protection or another key opens', () => {
    const any = protections(cipherSuites);
    fc.assert(
      fc.property(any, protections(signing), packets, buffer(16), (sealed, opener, packet, vector) => {
        const bytes = encodeProtectedDatagram(packet, sealed, vector);
        expect(typeof open(bytes, opener)).toBe('string');
      }),
    );
    fc.assert(
      fc.property(
        protections(signing),
        protections(unsigned),
        packets,
        buffer(16),
        (sealed, opener, packet, vector) => {
          expect(open(encodeProtectedDatagram(packet, sealed, vector), opener)).toBe('unprotected');
        },
      ),
    );
  });

  test('a v1.5 packet with its MD5 code is verified; with anything but its trailer changed it is not', () => {
    const packet = fc.record({ sessionId: u32, sessionSequence: u32, payload: buffer(0, 255) });
    fc.assert(
      fc.property(packet, buffer(16), buffer(16), fc.nat(), bits(3), (unsignedPacket, key, other, at, bit) => {
        fc.pre(!key.equals(other));
        const bytes = encodeDatagramV1(signSessionV1(unsignedPacket, key));
        const verify = (data: Buffer, withKey: Buffer): boolean => {
          const datagram = decodeDatagram(data);
          return datagram.format === 'v1.5' && verifySessionV1(datagram.session, withKey);
        };
        expect(verify(bytes, key)).toBe(true);
        expect(verify(bytes, other)).toBe(false);
        const changed = tryDecode((data) => verify(data, key), flip(bytes, 4 + (at % (bytes.length - 4)), bit));
        expect(changed?.value ?? false).toBe(false);
      }),
    );
  });
});
