import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../../src/foundation/errors.ts';
import { formatAddress, ipAddressBytes } from '../../../src/protocols/pcap/ip-address.ts';
import { decodePcapFile, encodePcapHeader, encodePcapRecord } from '../../../src/protocols/pcap/pcap-file.ts';
import { decodeUdpPacket, encodeUdpPacket } from '../../../src/protocols/pcap/udp-packet.ts';

const bytes = fc.uint8Array({ maxLength: 1500 }).map((data) => Buffer.from(data));
const port = fc.integer({ min: 0, max: 65_535 });
const pair = fc.oneof(fc.tuple(fc.ipV4(), fc.ipV4()), fc.tuple(fc.ipV6(), fc.ipV6()));
/** Addresses written in one way only. */
const plain = (address: string): string => formatAddress(ipAddressBytes(address));

describe('UDP packets', () => {
  it('have the headers and sums of RFC 791 and RFC 768', () => {
    // By hand: pseudo header, UDP header and payload add up to 0x20315, folded to 0x0317, inverted 0xfce8.
    const { packet, originalLength } = encodeUdpPacket({
      from: { address: '127.0.0.1', port: 40_000 },
      to: { address: '127.0.0.1', port: 69 },
      data: Buffer.from('hi'),
    });
    expect(originalLength).toBe(30);
    expect(packet.toString('hex')).toBe('4500001e0000000040117ccd7f0000017f0000019c400045000afce86869');
  });

  it('come back as they were, whole or cut', () => {
    fc.assert(
      fc.property(pair, port, port, bytes, fc.nat(1500), ([a, b], fromPort, toPort, data, keep) => {
        const packet = { from: { address: plain(a), port: fromPort }, to: { address: plain(b), port: toPort }, data };
        const cut = encodeUdpPacket(packet, keep);
        const back = decodeUdpPacket(cut.packet);
        expect(back).toEqual({ ...packet, data: data.subarray(0, keep), whole: keep >= data.length });
        expect(cut.originalLength - cut.packet.length).toBe(Math.max(0, data.length - keep));
      }),
    );
  });

  it('have no sum of zero, which would say that there is none', () => {
    const to = { address: '10.0.0.2', port: 1 };
    const of = (word: number): number => {
      const data = Buffer.alloc(2);
      data.writeUInt16BE(word);
      return encodeUdpPacket({ from: { address: '10.0.0.1', port: 2 }, to, data }).packet.readUInt16BE(26);
    };
    const sums = Array.from({ length: 65_536 }, (_, word) => of(word));
    expect(sums).not.toContain(0);
    expect(sums).toContain(0xffff);
  });

  it('are read or refused, whatever the bytes', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        try {
          decodeUdpPacket(data);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });

  it('are of one family, and of a datagram at most', () => {
    const [v4, v6] = [
      { address: '10.0.0.1', port: 1 },
      { address: 'fe80::1%eth0', port: 1 },
    ];
    expect(() => encodeUdpPacket({ from: v4, to: v6, data: Buffer.alloc(0) })).toThrow(DecodeError);
    expect(() => encodeUdpPacket({ from: v4, to: v4, data: Buffer.alloc(65_536) })).toThrow(DecodeError);
  });
});

describe('addresses', () => {
  it.each([
    ['10.0.0.1', '0a000001'],
    ['::', '00'.repeat(16)],
    ['fe80::1%eth0', `fe80${'00'.repeat(13)}01`],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['::ffff:10.0.0.1', `${'00'.repeat(10)}ffff0a000001`],
  ])('%s', (text, hex) => expect(ipAddressBytes(text).toString('hex')).toBe(hex));

  it.each(['', '10.0.0', '10.0.0.256', '1::2::3', '1:2:3:4:5:6:7', ':::', 'g::1', '1:2:3:4:5:6:7:8::'])(
    '%j is none',
    (text) => expect(() => ipAddressBytes(text)).toThrow(DecodeError),
  );
});

describe('pcap files', () => {
  const record = fc.record({
    atUs: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1_000_000 + (seconds % 1_000_000)),
    data: bytes,
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), fc.nat(100), (records, more) => {
        const written = records.map((each) => ({ ...each, originalLength: each.data.length + more }));
        const file = Buffer.concat([encodePcapHeader(), ...written.map(encodePcapRecord)]);
        expect(decodePcapFile(file)).toEqual({ linkType: 101, records: written });
      }),
    );
  });

  it('are read in the other byte order too', () => {
    const file = Buffer.concat([
      encodePcapHeader(),
      encodePcapRecord({ atUs: 1_000_002, originalLength: 9, data: Buffer.from('x') }),
    ]);
    const swapped = Buffer.from(file);
    swapped.subarray(0, 4).swap32();
    swapped.subarray(16, 40).swap32();
    expect(decodePcapFile(swapped)).toEqual(decodePcapFile(file));
  });

  it('are read or refused, whatever the bytes', () => {
    fc.assert(
      fc.property(bytes, fc.boolean(), (data, header) => {
        try {
          decodePcapFile(header ? Buffer.concat([encodePcapHeader(), data]) : data);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });
});
