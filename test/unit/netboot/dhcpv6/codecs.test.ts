import { SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../../../src/foundation/errors.ts';
import { decodeDuid, describeDuid, encodeDuid, macOfDuid } from '../../../../src/protocols/dhcpv6/duid.ts';
import { addressesOfIa, decodeIaNa, encodeIaNa } from '../../../../src/protocols/dhcpv6/identity-association.ts';
import {
  eui64Address,
  formatIpv6,
  formatIpv6Prefix,
  inIpv6Prefix,
  macOfEui64,
  parseIpv6,
} from '../../../../src/protocols/dhcpv6/ipv6.ts';
import {
  decodeDhcpv6Message,
  describeDhcpv6Message,
  encodeDhcpv6Message,
  isRelayMessage,
  relayedMessage,
} from '../../../../src/protocols/dhcpv6/message.ts';
import {
  decodeClientLinkLayerAddress,
  decodeNetworkInterfaceIdentifier,
  decodeStatusCode,
  decodeVendorClass,
  encodeVendorClass,
} from '../../../../src/protocols/dhcpv6/option-values.ts';
import { RECORDED_DHCPV6, recorded } from '../../../support/recorded-netboot.ts';

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((all) => Buffer.from(all));
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('IPv6 addresses', () => {
  // RFC 5952 §4: leading zeros, one group alone, the longest run, the first of equals, lower case; §5: IPv4-mapped.
  it.each([
    ['2001:0DB8::0001', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['fe80::', 'fe80::'],
    ['::ffff:c000:0201', '::ffff:192.0.2.1'],
    ['fd00::192.0.2.1', 'fd00::c000:201'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ])('writes %s as %s', (text, short) => expect(formatIpv6(parseIpv6(text))).toBe(short));

  it('writes any as Node does, who has it from the C library', () => {
    const sparse = fc
      .tuple(bytes(16), bytes(16))
      .map(([a, b]) => Buffer.from(a.map((byte, at) => byte & (b[at >> 1] ?? 0))));
    fc.assert(
      fc.property(fc.oneof(bytes(16), sparse), (data) => {
        fc.pre(!data.subarray(0, 10).every((byte) => byte === 0));
        const text = formatIpv6(data);
        expect(parseIpv6(text)).toEqual(data);
        expect(text).toBe(new SocketAddress({ address: text, family: 'ipv6' }).address);
      }),
      { numRuns: 2000, seed: 5952 },
    );
  });

  it.each([
    '',
    ':',
    '1',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'g::',
    '::1%eth0',
    '::1.2.3',
    '::01.2.3.4',
    '1.2.3.4::',
    '::1.2.3.256',
    '1:2:3:4:5:6:7:8::',
    ':1::',
  ])('refuses %j', (text) => expect(() => parseIpv6(text)).toThrow(DecodeError));

  it('cuts prefixes between bits', () => {
    const prefix = { address: 'fd00:0:0:fff0::1', prefixLength: 60 };
    expect(formatIpv6Prefix(prefix)).toBe('fd00:0:0:fff0::/60');
    expect(inIpv6Prefix('fd00:0:0:ffff::9', prefix)).toBe(true);
    expect(inIpv6Prefix('fd00:0:0:ffe0::9', prefix)).toBe(false);
    expect(inIpv6Prefix('fd00:0:0:0::9', { address: '::', prefixLength: 0 })).toBe(true);
  });

  it('makes a modified EUI-64 of a MAC, and finds the MAC in it', () => {
    // RFC 4291, appendix A has 34-56-78-9A-BC-DE as an example; its local bit is turned.
    expect(eui64Address('34:56:78:9a:bc:de', 'fe80::')).toBe('fe80::3656:78ff:fe9a:bcde');
    expect(macOfEui64('fe80::3656:78ff:fe9a:bcde')).toBe('34:56:78:9a:bc:de');
    expect(macOfEui64('fe80::1')).toBeUndefined();
  });
});

describe('DUIDs', () => {
  // RFC 8415 §11.3 has the second as its example.
  it.each([
    ['0001 0001 2b3c4d5e 525400770601', 'llt:525400770601', '52:54:00:77:06:01'],
    ['0002 00000009 0c c0 84 d3 03 00 09 12', 'en:9:0cc084d303000912', undefined],
    ['0003 0001 525400770601', 'll:525400770601', '52:54:00:77:06:01'],
    ['0003 0020 525400770601', 'll:525400770601', undefined],
    ['0004 4c4c454400334a108052b4c04f4d3432', 'uuid:4c4c4544-0033-4a10-8052-b4c04f4d3432', undefined],
    ['00ff 0102', 'type-255:0102', undefined],
  ])('%s', (text, said, mac) => {
    const duid = decodeDuid(hex(text));
    expect(describeDuid(duid)).toBe(said);
    expect(macOfDuid(duid)).toBe(mac);
    expect(encodeDuid(duid)).toEqual(hex(text));
  });

  it.each([
    '',
    '00',
    '0004 4c4c',
    '0001 0001 2b3c',
    `00ff${'00'.repeat(129)}`,
    '0004 4c4c454400334a108052b4c04f4d343200',
  ])('refuses %s', (text) => expect(() => decodeDuid(hex(text))).toThrow(DecodeError));
});

describe('messages', () => {
  it.each(RECORDED_DHCPV6)('%s comes out of the codec as it went in', (name) => {
    expect(encodeDhcpv6Message(decodeDhcpv6Message(recorded(name)))).toEqual(recorded(name));
  });

  it('reads an identity association with its addresses', () => {
    const request = decodeDhcpv6Message(recorded('ovmf-request6'));
    const data = request.options.find(({ code }) => code === 3)?.data ?? Buffer.alloc(0);
    const ia = decodeIaNa(data);
    expect(ia).toMatchObject({ iaid: 0x523b7950, t1: 1800, t2: 2880 });
    expect(addressesOfIa(ia)).toEqual([
      { address: 'fd00:93::5254:77:601', preferredLifetime: 3600, validLifetime: 3600, options: [] },
    ]);
    expect(encodeIaNa(ia)).toEqual(data);
  });

  it('reads what a relay agent has put around one, and again around that', () => {
    const solicit = recorded('ovmf-solicit6');
    const around = (hops: string, link: string, inner: Buffer): Buffer =>
      Buffer.concat([
        hex(`0c ${hops}`),
        parseIpv6(link),
        parseIpv6('fe80::1'),
        hex('0012 0003 657468'),
        hex('0009'),
        hex(inner.length.toString(16).padStart(4, '0')),
        inner,
      ]);
    const whole = around('01', '::', around('00', 'fd00:78::1', solicit));
    const outer = decodeDhcpv6Message(whole);
    expect(describeDhcpv6Message(outer)).toBe('relay-forward hop 1 link :: peer fe80::1 options 18,9');
    if (!isRelayMessage(outer)) throw new Error('no relay message');
    const inner = relayedMessage(outer);
    expect(inner).toMatchObject({ type: 'relay-forward', hopCount: 0, linkAddress: 'fd00:78::1' });
    if (!isRelayMessage(inner)) throw new Error('no relay message');
    expect(describeDhcpv6Message(relayedMessage(inner))).toBe('solicit xid 0xc1ab4 options 1,8,3,6,62,61,16');
    expect(encodeDhcpv6Message(outer)).toEqual(whole);
    expect(() => relayedMessage({ ...outer, options: [] })).toThrow(/no message in it/);
  });

  it.each(['', '01', '0100', '0e000000', '00000000', '0c00', '01000000 0001 0005 00'])('refuses %j', (text) => {
    expect(() => decodeDhcpv6Message(hex(text))).toThrow(DecodeError);
  });

  it('reads option values as their RFCs have them', () => {
    const vendor = hex('00000157 000a 48545450436c69656e74 0001 78');
    expect(decodeVendorClass(vendor)).toEqual({
      enterpriseNumber: 343,
      classes: [Buffer.from('HTTPClient'), Buffer.from('x')],
    });
    expect(encodeVendorClass(decodeVendorClass(vendor))).toEqual(vendor);
    expect(decodeStatusCode(hex('0002 6e6f'))).toEqual({ status: 2, message: 'no' });
    expect(decodeClientLinkLayerAddress(hex('0001 525400770601')).hardwareType).toBe(1);
    expect(decodeNetworkInterfaceIdentifier(hex('01 03 10'))).toEqual({ type: 1, major: 3, minor: 16 });
    expect(() => decodeNetworkInterfaceIdentifier(hex('01 03'))).toThrow(DecodeError);
    expect(() => decodeVendorClass(hex('00000157 0009 48'))).toThrow(DecodeError);
  });
});
