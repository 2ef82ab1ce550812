import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../../src/foundation/errors.ts';
import { understandDhcpv6 } from '../../../src/netboot/dhcpv6/understand.ts';
import { decodeDuid, describeDuid, encodeDuid } from '../../../src/protocols/dhcpv6/duid.ts';
import {
  decodeIaAddress,
  decodeIaNa,
  encodeIaAddress,
  encodeIaNa,
} from '../../../src/protocols/dhcpv6/identity-association.ts';
import { parseIpv6 } from '../../../src/protocols/dhcpv6/ipv6.ts';
import {
  DHCPV6_MESSAGE_TYPE,
  type Dhcpv6Message,
  decodeDhcpv6Message,
  describeDhcpv6Message,
  encodeDhcpv6Message,
} from '../../../src/protocols/dhcpv6/message.ts';
import {
  decodeAddresses,
  decodeClientLinkLayerAddress,
  decodeElapsedTime,
  decodeLengthPrefixed,
  decodeNetworkInterfaceIdentifier,
  decodeStatusCode,
  decodeU16s,
  decodeVendorClass,
  encodeClientLinkLayerAddress,
  encodeLengthPrefixed,
  encodeNetworkInterfaceIdentifier,
  encodeStatusCode,
  encodeVendorClass,
  ipv6AddressesValue,
  u16sValue,
} from '../../../src/protocols/dhcpv6/option-values.ts';
import { dhcpv6Rig, RIG_SOURCE } from '../../support/dhcpv6-rig.ts';
import { RECORDED_DHCPV6, recorded } from '../../support/recorded-netboot.ts';

const RUNS = { numRuns: 2000, seed: 8415 };
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const fixtures = RECORDED_DHCPV6.map(recorded);
/** A fixture with some of its bytes changed and its end cut or grown. */
const mutated = fc
  .tuple(fc.constantFrom(...fixtures), fc.array(fc.tuple(fc.nat(250), fc.nat(255)), { maxLength: 8 }), fc.nat(250))
  .map(([fixture, changes, length]) => {
    const data = Buffer.concat([fixture, Buffer.alloc(60, 0)]).subarray(0, Math.max(length, fixture.length - 4));
    for (const [at, value] of changes) if (at < data.length) data[at] = value;
    return data;
  });
/** The same in the envelope of a relay agent, sometimes of several. */
const relayed = fc.tuple(mutated, fc.nat(10)).map(([inner, hops]) => {
  let data = inner;
  for (let hop = 0; hop < hops; hop++) {
    const head = Buffer.concat([Buffer.from([12, hop]), parseIpv6('fd00:93::9'), parseIpv6(RIG_SOURCE)]);
    data = Buffer.concat([head, u16sValue([9, data.length]), data]);
  }
  return data;
});
const any = fc.oneof(bytes(300), mutated, relayed);

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const options = fc.array(fc.record({ code: fc.nat(0xffff), data: bytes(40) }), { maxLength: 6 });
const address = fc
  .ipV6()
  .filter((text) => !text.includes('.'))
  .map((text) => decodeAddresses(parseIpv6(text), 'x')[0] ?? '::');
const types = Object.keys(DHCPV6_MESSAGE_TYPE).filter((name) => !name.startsWith('relay'));
const message: fc.Arbitrary<Dhcpv6Message> = fc.oneof(
  fc.record({
    type: fc.constantFrom(...types) as fc.Arbitrary<'solicit'>,
    transactionId: fc.nat(0xff_ffff),
    options,
  }),
  fc.record({
    type: fc.constantFrom('relay-forward', 'relay-reply'),
    hopCount: fc.nat(255),
    linkAddress: address,
    peerAddress: address,
    options,
  }),
);

describe('any bytes at all give a value or DecodeError, and a value goes back to the same bytes', () => {
  const laws: readonly [string, (data: Buffer) => Buffer][] = [
    ['message', (data) => encodeDhcpv6Message(decodeDhcpv6Message(data))],
    ['DUID', (data) => encodeDuid(decodeDuid(data))],
    ['IA_NA', (data) => encodeIaNa(decodeIaNa(data))],
    ['IA address', (data) => encodeIaAddress(decodeIaAddress(data))],
    ['vendor class', (data) => encodeVendorClass(decodeVendorClass(data))],
    ['user class', (data) => encodeLengthPrefixed(decodeLengthPrefixed(data, 'class'))],
    ['addresses', (data) => ipv6AddressesValue(decodeAddresses(data, 'addresses'))],
    ['16-bit values', (data) => u16sValue(decodeU16s(data, 'values'))],
    ['link-layer address', (data) => encodeClientLinkLayerAddress(decodeClientLinkLayerAddress(data))],
    ['network interface', (data) => encodeNetworkInterfaceIdentifier(decodeNetworkInterfaceIdentifier(data))],
    ['elapsed time', (data) => u16sValue([decodeElapsedTime(data)])],
  ];
  it.each(laws)('%s', (_name, again) => {
    fc.assert(
      fc.property(any, (data) => {
        let result: Buffer;
        try {
          result = again(data);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
          return;
        }
        expect(result).toEqual(data);
      }),
      RUNS,
    );
  });

  it('status codes, whose text may be no UTF-8', () => {
    fc.assert(
      fc.property(u32, fc.string({ unit: 'grapheme', maxLength: 30 }), (number, text) => {
        const value = { status: number & 0xffff, message: text };
        expect(decodeStatusCode(encodeStatusCode(value))).toEqual(value);
      }),
      RUNS,
    );
  });
});

describe('values come back as they were written', () => {
  it('messages, which are described too', () => {
    fc.assert(
      fc.property(message, (value) => {
        expect(decodeDhcpv6Message(encodeDhcpv6Message(value))).toEqual(value);
        expect(describeDhcpv6Message(value)).toMatch(/^[\x20-\x7e]+$/);
      }),
      RUNS,
    );
  });

  it('associations and addresses', () => {
    const ia = fc.record({ iaid: u32, t1: u32, t2: u32, options });
    const inIa = fc.record({ address, preferredLifetime: u32, validLifetime: u32, options });
    fc.assert(
      fc.property(ia, inIa, (one, other) => {
        expect(decodeIaNa(encodeIaNa(one))).toEqual(one);
        expect(decodeIaAddress(encodeIaAddress(other))).toEqual(other);
      }),
      RUNS,
    );
  });
});

describe('the listener and the answers', () => {
  it('name a reason or a request for any bytes', () => {
    fc.assert(
      fc.property(any, (data) => {
        const request = understandDhcpv6(data, RIG_SOURCE);
        if (typeof request === 'string') return;
        expect(request.macs[0]).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
        expect(request.describe()).toMatch(/^[\x20-\x7e]+$/);
        if (request.clientId !== undefined) expect(describeDuid(decodeDuid(request.clientId))).not.toBe('');
      }),
      RUNS,
    );
  });

  it.each(['full', 'proxy'] as const)(
    'answer in mode %s with the transaction of who asked, or not at all',
    async (mode) => {
      const rig = dhcpv6Rig({ own: { mode } });
      await fc.assert(
        fc.asyncProperty(any, async (data) => {
          const request = understandDhcpv6(data, RIG_SOURCE);
          if (typeof request === 'string') return;
          const answer = await rig.ask(data).catch((error: unknown) => {
            expect(error).toBeInstanceOf(DecodeError);
            return undefined;
          });
          if (answer === undefined) return;
          expect(answer.transactionId).toBe(request.message.transactionId);
          expect(['advertise', 'reply']).toContain(answer.type);
          expect(answer.options.some(({ code }) => code === 60)).toBe(false);
          expect(decodeDhcpv6Message(encodeDhcpv6Message(answer))).toEqual(answer);
        }),
        { ...RUNS, numRuns: 1000 },
      );
    },
  );
});
