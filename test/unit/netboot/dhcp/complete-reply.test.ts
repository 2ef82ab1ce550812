import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RawDhcpOption, rawOptionProblem } from '../../../../src/domain/dhcp-options.ts';
import { completeReply } from '../../../../src/netboot/dhcp/complete-reply.ts';
import { leaseSecondsFor, waitsLonger } from '../../../../src/netboot/dhcp/lease-terms.ts';
import { buildReply } from '../../../../src/netboot/dhcp/reply.ts';
import { encodeRawOptions } from '../../../../src/netboot/dhcp/subnets.ts';
import type { InterfaceOptions } from '../../../../src/netboot/options.ts';
import { type DhcpMessage, decodeDhcpMessage, encodeDhcpMessage } from '../../../../src/protocols/dhcp/message.ts';
import { clientMessage } from '../../../../src/simulator/pxe-client/messages.ts';

const SERVER = '10.77.0.1';
const own: InterfaceOptions = {
  name: 'eth0',
  address: { address: SERVER, prefixLength: 24 },
  mode: 'full',
  leaseSeconds: 3600,
  router: '10.77.0.254',
  dns: ['10.77.0.53'],
};
const fixed = { bytes: (length: number) => Buffer.alloc(length, 0x11) };
const identity = { mac: '52:54:00:77:00:01', uuid: '4c4c4544-0033-4a10-8052-b4c04f4d3432', firmware: 'bios' } as const;
const asked = clientMessage(fixed, identity, { type: 'discover', speaker: 'system' });
const withOptions = (message: DhcpMessage, ...more: readonly (readonly [number, Buffer])[]): DhcpMessage => ({
  ...message,
  options: new Map([...message.options, ...more]),
});
const parts = { type: 'offer', yiaddr: '10.77.0.11', leaseSeconds: 3600, network: own } as const;
const complete = (request: DhcpMessage, raw: readonly RawDhcpOption[] = [], serverIdentifier?: string): DhcpMessage =>
  completeReply(buildReply(request, SERVER, parts), request, {
    raw: [encodeRawOptions(raw)],
    ...(serverIdentifier === undefined ? {} : { serverIdentifier }),
  });
/** The options field as hexadecimal a person can follow. */
function golden(message: DhcpMessage): readonly string[] {
  const bytes = encodeDhcpMessage(message);
  const options: string[] = [];
  for (let at = 240; bytes[at] !== 255; ) {
    const end = at + 2 + (bytes[at + 1] ?? 0);
    options.push(bytes.toString('hex', at, end));
    at = end;
  }
  return options;
}

describe('a complete reply, byte for byte', () => {
  it('has T1 and T2 beside the lease, the client identifier, and option 82 last', () => {
    const relay = Buffer.from('0104657468300504 0a4e0000'.replace(' ', ''), 'hex');
    const request = withOptions(asked, [82, relay], [118, Buffer.from([10, 78, 0, 0])]);
    expect(golden(complete(request, [{ code: 42, addresses: ['10.77.0.2', '10.77.0.3'] }], '10.78.0.1'))).toEqual([
      '350102',
      '36040a4e0001',
      '330400000e10',
      '3a0400000708',
      '3b0400000c4e',
      '0104ffffff00',
      '03040a4d00fe',
      '06040a4d0035',
      '2a080a4d00020a4d0003',
      '3d0fff000000010003000152540077 0001'.replace(' ', ''),
      '76040a4e0000',
      `520c${relay.toString('hex')}`,
    ]);
  });

  it('lets the operator replace what would be sent by itself', () => {
    const lines = golden(
      complete(asked, [
        { code: 6, hex: '01020304' },
        { code: 12, text: 'node-1' },
      ]),
    );
    expect(lines).toContain('060401020304');
    expect(lines).toContain('0c066e6f64652d31');
    expect(lines.filter((line) => line.startsWith('06')).length).toBe(1);
  });

  it('splits a value over 255 bytes, which comes back whole (RFC 3396)', () => {
    const long = 'ab'.repeat(600);
    const roomy = withOptions(asked, [57, Buffer.from([5, 220])]);
    const bytes = encodeDhcpMessage(complete(roomy, [{ code: 224, hex: long }]));
    expect(decodeDhcpMessage(bytes).options.get(224)?.toString('hex')).toBe(long);
  });
});

describe('the size of a reply', () => {
  const big = (code: number, bytes: number): RawDhcpOption => ({ code, hex: '00'.repeat(bytes) });
  it.each([
    ['without option 57', undefined, 548],
    ['with a small one', 300, 548],
    ['with 1000', 1000, 972],
    ['with 1500', 1500, 1472],
    ['with an immense one', 65_535, 1472],
  ])('%s', (_name, maximum, room) => {
    const option = maximum === undefined ? [] : [[57, Buffer.from([maximum >> 8, maximum & 255])] as const];
    const request = withOptions(asked, ...option);
    for (const bytes of [1, 100, 240, 300, 500, 700]) {
      const reply = encodeDhcpMessage(complete(request, [big(224, bytes), big(225, bytes)]));
      expect(reply.length).toBeLessThanOrEqual(room);
      expect(reply.length).toBeGreaterThanOrEqual(300);
    }
  });

  it('drops what nobody asked for before what was asked for', () => {
    const request = withOptions(asked, [55, Buffer.from([1, 225])]);
    const reply = complete(request, [big(225, 150), big(224, 150)]);
    expect([...reply.options.keys()]).toContain(225);
    expect([...reply.options.keys()]).not.toContain(224);
  });

  it('is kept whatever a remote sends to be sent back', () => {
    const echoed = fc.tuple(fc.constantFrom(57, 61, 82, 97, 118), fc.uint8Array({ maxLength: 1400 }));
    fc.assert(
      fc.property(fc.array(echoed, { maxLength: 4 }), (options) => {
        const request = withOptions(asked, ...options.map(([code, data]) => [code, Buffer.from(data)] as const));
        const reply = complete(request, [big(224, 200)]);
        expect(encodeDhcpMessage(reply).length).toBeLessThanOrEqual(1472);
        const relay = request.options.get(82);
        const codes = [...reply.options.keys()];
        if (codes.includes(82)) expect([codes.at(-1), reply.options.get(82)]).toEqual([82, relay]);
        expect(codes.slice(0, 3)).toEqual([53, 54, 51]);
      }),
      { numRuns: 300, seed: 4711 },
    );
  });
});

describe('options by number', () => {
  it.each<[RawDhcpOption, boolean]>([
    [{ code: 42, addresses: ['10.0.0.1'] }, true],
    [{ code: 43, hex: '0601' }, true],
    [{ code: 12, text: 'name' }, true],
    [{ code: 54, hex: '00' }, false],
    [{ code: 82, hex: '00' }, false],
    [{ code: 224, hex: '0' }, false],
    [{ code: 224, hex: '00'.repeat(701) }, false],
    [{ code: 12, text: 'two\nlines' }, false],
    [{ code: 12, text: 'näme' }, true],
    [{ code: 12, text: '名' }, false],
    [{ code: 42, addresses: [] }, false],
  ])('%o', (option, fine) => {
    expect(rawOptionProblem(option) === undefined).toBe(fine);
  });
});

describe('terms', () => {
  const client = { client: 'other', loader: 'firmware', architectures: [], board: null, features: null } as const;
  it.each([
    ['a system', client, 3600],
    ['a PXE ROM', { ...client, client: 'pxe' }, 240],
    ['a UEFI HTTP client', { ...client, client: 'http' }, 240],
    ['iPXE', { ...client, loader: 'ipxe' }, 240],
    ['a ROM with another vendor class, by option 93', { ...client, architectures: [7] }, 240],
  ] as const)('%s', (_name, who, seconds) => {
    expect(leaseSecondsFor({ client: who }, own)).toBe(seconds);
    expect(leaseSecondsFor({ client: who }, { ...own, leaseSeconds: 60 })).toBe(60);
  });
  it.each([
    [0, 0, false],
    [0, 4, true],
    [3, 4, true],
    [4, 4, false],
    [0x0300, 4, true],
    [0x0400, 4, false],
    [0x0401, 4, false],
  ])('secs %i, at least %i', (secs, minimum, waits) => {
    expect(waitsLonger({ secs }, minimum)).toBe(waits);
  });
});
