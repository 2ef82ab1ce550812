import { describe, expect, it } from 'vitest';
import { replyDestination } from '../../../src/netboot/dhcp/destination.ts';
import { buildReply, type ReplyParts } from '../../../src/netboot/dhcp/reply.ts';
import type { InterfaceOptions } from '../../../src/netboot/options.ts';
import { type DhcpMessage, encodeDhcpMessage } from '../../../src/protocols/dhcp/message.ts';
import { clientMessage } from '../../../src/simulator/pxe-client/messages.ts';

const SERVER = '10.77.0.1';
const own: InterfaceOptions = {
  name: 'eth0',
  address: { address: SERVER, prefixLength: 24 },
  mode: 'full',
  leaseSeconds: 3600,
  router: '10.77.0.254',
  dns: ['10.77.0.53'],
};
const IPXE = { kind: 'file', file: 'ipxe.efi', vendorClass: 'PXEClient' } as const;
const fixed = { bytes: (length: number) => Buffer.alloc(length, 0x11) };
const identity = { mac: '52:54:00:77:00:01', uuid: '4c4c4544-0033-4a10-8052-b4c04f4d3432', firmware: 'uefi' } as const;
const discover = clientMessage(fixed, identity, { type: 'discover', speaker: 'firmware' });

/** The options field and what is set in the header, as hexadecimal a person can follow. */
function golden(request: DhcpMessage, parts: ReplyParts): readonly string[] {
  const bytes = encodeDhcpMessage(buildReply(request, SERVER, parts));
  const text = (from: number, to: number): string => bytes.toString('latin1', from, to).replace(/\0+$/, '');
  const options: string[] = [];
  let at = 240;
  while (bytes[at] !== 255) {
    const end = at + 2 + (bytes[at + 1] ?? 0);
    options.push(bytes.toString('hex', at, end));
    at = end;
  }
  expect(bytes.subarray(at + 1).every((byte) => byte === 0)).toBe(true);
  expect(bytes.length).toBeGreaterThanOrEqual(300);
  return [bytes.toString('hex', 0, 34), text(44, 108), text(108, 236), ...options];
}

const HEAD = '02010600111111110000';
const MAC = '525400770001';
const UUID97 = '61110044454c4c3300104a8052b4c04f4d3432';

describe('golden replies, byte for byte', () => {
  it('full offer of a loader', () => {
    const parts = { type: 'offer', yiaddr: '10.77.0.11', leaseSeconds: 3600, network: own, boot: IPXE } as const;
    expect(golden(discover, parts)).toEqual([
      `${HEAD}8000000000000a4d000b0a4d000100000000${MAC}`,
      '10.77.0.1',
      'ipxe.efi',
      '350102',
      '36040a4d0001',
      '330400000e10',
      '0104ffffff00',
      '03040a4d00fe',
      '06040a4d0035',
      '3c09505845436c69656e74',
      '2b04060108ff',
      '420931302e37372e302e31',
      '4309697078652e65666900',
      UUID97,
    ]);
  });

  it('proxy offer of a loader: no address, no lease, no network', () => {
    expect(golden(discover, { type: 'offer', boot: IPXE })).toEqual([
      `${HEAD}800000000000000000000a4d000100000000${MAC}`,
      '10.77.0.1',
      'ipxe.efi',
      '350102',
      '36040a4d0001',
      '3c09505845436c69656e74',
      '2b04060108ff',
      '420931302e37372e302e31',
      '4309697078652e65666900',
      UUID97,
    ]);
  });

  it('acknowledgement of the boot server: an ACK that keeps the client address and its boot item', () => {
    const asked = {
      ...discover,
      ciaddr: '10.77.0.11',
      flags: 0,
      options: new Map(discover.options).set(43, Buffer.from('470400000000ff', 'hex')),
    };
    expect(golden(asked, { type: 'ack', boot: IPXE, echoBootItem: true })).toEqual([
      `${HEAD}00000a4d000b000000000a4d000100000000${MAC}`,
      '10.77.0.1',
      'ipxe.efi',
      '350105',
      '36040a4d0001',
      '3c09505845436c69656e74',
      '2b0a060108470400000000ff',
      '420931302e37372e302e31',
      '4309697078652e65666900',
      UUID97,
    ]);
  });

  it('script for iPXE: no wait for another proxy', () => {
    const bare = { ...discover, flags: 0, options: new Map([[53, Buffer.from([3])]]) };
    const file = 'http://10.77.0.1:8480/boot/0123456789abcdef0123456789abcdef/script.ipxe';
    expect(
      golden(bare, { type: 'ack', yiaddr: '10.77.0.11', leaseSeconds: 60, boot: { ...IPXE, file }, toIpxe: true }),
    ).toEqual([
      `${HEAD}8000000000000a4d000b0a4d000100000000${MAC}`,
      '10.77.0.1',
      file,
      '350105',
      '36040a4d0001',
      '33040000003c',
      '3c09505845436c69656e74',
      '2b04060108ff',
      'af03b00101',
    ]);
  });

  it('lease only: neither option 60 nor 43, no server named to boot from', () => {
    expect(
      golden(discover, { type: 'ack', yiaddr: '10.77.0.11', leaseSeconds: 3600, network: { ...own, dns: [] } }),
    ).toEqual([
      `${HEAD}8000000000000a4d000b0000000000000000${MAC}`,
      '',
      '',
      '350105',
      '36040a4d0001',
      '330400000e10',
      '0104ffffff00',
      '03040a4d00fe',
      UUID97,
    ]);
  });

  it('refusal: broadcast, no address, with its reason', () => {
    const asked = { ...discover, flags: 0, ciaddr: '10.77.0.12', options: new Map([[53, Buffer.from([3])]]) };
    expect(golden(asked, { type: 'nak', message: 'no' })).toEqual([
      `${HEAD}800000000000000000000000000000000000${MAC}`,
      '',
      '',
      '350106',
      '36040a4d0001',
      '38026e6f',
    ]);
  });

  it('relayed: giaddr kept, option 82 unchanged and last', () => {
    const relay = Buffer.from('0104657468300204deadbeef', 'hex');
    const asked = { ...discover, giaddr: '10.78.0.1', options: new Map([[82, relay], ...discover.options]) };
    const lines = golden(asked, { type: 'offer', yiaddr: '10.77.0.11', leaseSeconds: 60 });
    expect(lines[0]).toBe(`${HEAD}8000000000000a4d000b000000000a4e0001${MAC}`);
    expect(lines.at(-1)).toBe(`520c${relay.toString('hex')}`);
    expect(lines.at(-2)).toBe(UUID97);
  });
});

describe('where a reply goes', () => {
  const ports = { dhcp: 67, dhcpClient: 68 };
  it.each([
    ['to everyone', discover, 'offer', '255.255.255.255', 68],
    ['to a client that has an address', { ...discover, ciaddr: '10.77.0.11' }, 'ack', '10.77.0.11', 68],
    ['to everyone when refused', { ...discover, ciaddr: '10.77.0.11' }, 'nak', '255.255.255.255', 68],
    ["to the relay's server port", { ...discover, giaddr: '10.78.0.1', ciaddr: '10.77.0.11' }, 'ack', '10.78.0.1', 67],
  ] as const)('%s', (_name, message, type, address, port) => {
    expect(replyDestination(message, type, ports)).toEqual({ address, port });
  });
});
