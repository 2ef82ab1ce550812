import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError, InvalidRequestError } from '../../../src/foundation/errors.ts';
import { understandDhcp } from '../../../src/netboot/dhcp/understand.ts';
import { rangeOf } from '../../../src/netboot/http/range.ts';
import { bootRoute } from '../../../src/netboot/http/route.ts';
import { parseBootspec } from '../../../src/protocols/bootspec/boot-json.ts';
import { decodeDhcpMessage, encodeDhcpMessage } from '../../../src/protocols/dhcp/message.ts';
import { planOf } from '../../../src/protocols/ipxe/boot-plan.ts';
import { decodeIpxeOptions, encodeIpxeOptions } from '../../../src/protocols/ipxe/encapsulated-options.ts';
import { formatIpxeScript, parseIpxeScript } from '../../../src/protocols/ipxe/script.ts';
import { pxeClientOf } from '../../../src/protocols/pxe/client.ts';
import { formatUserClasses, parseUserClasses } from '../../../src/protocols/pxe/user-class.ts';
import { decodePxeVendorOptions, encodePxeVendorOptions } from '../../../src/protocols/pxe/vendor-options.ts';
import { decodeTftpPacket, encodeTftpPacket } from '../../../src/protocols/tftp/packet.ts';
import { RECORDED_DHCP, recorded } from '../../support/recorded-netboot.ts';

const RUNS = { numRuns: 2000, seed: 4711 };
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const fixtures = RECORDED_DHCP.map(recorded);
/** A fixture with some of its bytes changed and its end cut or grown. */
const mutated = fc
  .tuple(fc.constantFrom(...fixtures), fc.array(fc.tuple(fc.nat(399), fc.nat(255)), { maxLength: 12 }), fc.nat(400))
  .map(([fixture, changes, length]) => {
    const data = Buffer.concat([fixture, Buffer.alloc(100, 0xaa)]).subarray(0, length);
    for (const [at, value] of changes) if (at < data.length) data[at] = value;
    return data;
  });
const decodesOrRefuses = (decode: () => unknown): void => {
  try {
    decode();
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
  }
};
const address = fc.ipV4();
const latin = (maxLength: number) => fc.stringMatching(new RegExp(`^[\\x01-\\xff]{0,${maxLength}}$`));
const optionMap = fc
  .uniqueArray(
    fc.tuple(
      fc.integer({ min: 1, max: 254 }).filter((code) => code !== 52),
      bytes(60),
    ),
    { selector: ([code]) => code, maxLength: 10 },
  )
  .map((entries) => new Map(entries));

describe('any bytes at all give a value or DecodeError', () => {
  it.each<[string, (data: Buffer) => unknown]>([
    ['DHCP message', decodeDhcpMessage],
    ['TFTP packet', decodeTftpPacket],
    ['PXE vendor options', decodePxeVendorOptions],
    ['iPXE options', decodeIpxeOptions],
    ['user class', parseUserClasses],
    [
      'PXE client',
      (data) =>
        pxeClientOf(
          new Map([
            [93, data],
            [60, data],
            [77, data],
          ]),
        ),
    ],
    ['iPXE script', (data) => planOf(parseIpxeScript(`#!ipxe\n${data.toString('latin1')}`))],
    ['bootspec', (data) => parseBootspec(data.toString('latin1'))],
  ])('%s', (_name, decode) => {
    fc.assert(
      fc.property(bytes(600), (data) => decodesOrRefuses(() => decode(data))),
      RUNS,
    );
  });
  it('DHCP messages near real ones', () => {
    fc.assert(
      fc.property(mutated, (data) => decodesOrRefuses(() => decodeDhcpMessage(data))),
      RUNS,
    );
  });
  it('the DHCP listener names a reason or a request for each', () => {
    const reasons = ['oversized', 'malformed', 'not-a-request', 'no-message-type', 'not-ethernet'];
    fc.assert(
      fc.property(fc.oneof(mutated, bytes(1700)), (data) => {
        const understood = understandDhcp(data);
        if (typeof understood === 'string') expect(reasons).toContain(understood);
        else expect(understood.mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
      }),
      RUNS,
    );
  });
});

describe('decoding what was encoded gives it back', () => {
  it('DHCP message', () => {
    const message = fc.record({
      op: fc.constantFrom(1, 2),
      htype: fc.nat(255),
      hlen: fc.nat(16),
      hops: fc.nat(255),
      xid: fc.nat(0xffffffff),
      secs: fc.nat(0xffff),
      flags: fc.nat(0xffff),
      ciaddr: address,
      yiaddr: address,
      siaddr: address,
      giaddr: address,
      chaddr: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((array) => Buffer.from(array)),
      sname: latin(63),
      file: latin(127),
      options: optionMap,
    });
    fc.assert(
      fc.property(message, (value) => {
        const encoded = encodeDhcpMessage(value);
        expect(decodeDhcpMessage(encoded)).toEqual(value);
        expect(encodeDhcpMessage(decodeDhcpMessage(encoded))).toEqual(encoded);
      }),
      { ...RUNS, numRuns: 500 },
    );
  });
  it('PXE and iPXE options', () => {
    fc.assert(
      fc.property(optionMap, (options) => {
        expect(decodePxeVendorOptions(encodePxeVendorOptions(options))).toEqual(options);
        expect(decodeIpxeOptions(encodeIpxeOptions(options))).toEqual(options);
      }),
      RUNS,
    );
  });
  it('user classes', () => {
    const classes = fc.array(
      latin(40).filter((text) => text !== ''),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(classes, (names) => {
        expect(parseUserClasses(formatUserClasses(names))).toEqual(names);
      }),
      RUNS,
    );
  });
  it('TFTP packets', () => {
    const text = latin(20);
    const options = fc.array(fc.record({ name: text.filter((name) => name !== ''), value: text }), { maxLength: 5 });
    const packet = fc.oneof(
      fc.record({
        kind: fc.constantFrom('rrq' as const, 'wrq' as const),
        filename: text,
        mode: fc.constantFrom('octet', 'netascii'),
        options,
      }),
      fc.record({ kind: fc.constant('data' as const), block: fc.nat(0xffff), data: bytes(100) }),
      fc.record({ kind: fc.constant('ack' as const), block: fc.nat(0xffff) }),
      fc.record({ kind: fc.constant('error' as const), code: fc.nat(0xffff), message: text }),
      fc.record({ kind: fc.constant('oack' as const), options }),
    );
    fc.assert(
      fc.property(packet, (value) => {
        expect(decodeTftpPacket(encodeTftpPacket(value))).toEqual(value);
      }),
      RUNS,
    );
  });
  it('a script says the command line it was given, or is refused', () => {
    const commandLine = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('a', '=', ' ', ';', '|', '&', '#', '$', '{', '"') }),
    );
    fc.assert(
      fc.property(commandLine, (line) => {
        const kernel = { url: 'http://10.0.0.1/k', commandLine: line };
        const onFailure = { message: 'no', waitSeconds: 1, next: 'exit' } as const;
        try {
          const text = formatIpxeScript({ banner: [], kernel, initrds: [], onFailure });
          expect(planOf(parseIpxeScript(text)).commandLine).toBe(line.split(/\s+/).filter(Boolean).join(' '));
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidRequestError);
        }
      }),
      RUNS,
    );
  });
});

describe('what remotes write finds only what is listed', () => {
  const piece = fc.constantFrom(
    '..',
    '.',
    '/',
    '\\',
    '%2e%2e',
    '%2f',
    'ipxe.efi',
    'etc',
    'passwd',
    '\0',
    'boot',
    'kernel',
    'loaders',
    '?',
    '//',
    '…',
  );
  const path = fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join(''));
  it('HTTP paths', () => {
    fc.assert(
      fc.property(path, (name) => {
        const route = bootRoute(`/${name}`);
        if (route?.kind === 'loader') expect(route.name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
      }),
      RUNS,
    );
  });
  it('ranges stay inside the file', () => {
    const header = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.nat(2000), fc.option(fc.nat(2000)), fc.boolean())
        .map(([a, b, suffix]) => `bytes=${suffix ? '' : a}-${b ?? ''}`),
    );
    fc.assert(
      fc.property(header, fc.nat(1500), (range, size) => {
        const part = rangeOf(range, undefined, '"x"', size);
        if (part.kind === 'part') {
          expect(part.from).toBeLessThan(part.to);
          expect(part.to).toBeLessThanOrEqual(size);
          expect(part.from).toBeGreaterThanOrEqual(0);
        }
      }),
      RUNS,
    );
  });
});
