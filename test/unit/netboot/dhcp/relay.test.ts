import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../../../src/foundation/errors.ts';
import { originOf, subnetsOf } from '../../../../src/netboot/dhcp/subnets.ts';
import type { InterfaceOptions } from '../../../../src/netboot/options.ts';
import { addressesValue } from '../../../../src/protocols/dhcp/option-values.ts';
import { decodeRelayAgentInformation } from '../../../../src/protocols/dhcp/relay-agent-information.ts';
import { clientMessage } from '../../../../src/simulator/pxe-client/messages.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('option 82', () => {
  it('has the link, the name for us, how the request came, and who it came by', () => {
    expect(decodeRelayAgentInformation(hex('0104 65746830 0202 beef 0504 0a4e0000 0a01 80 0b04 0a4e0001'))).toEqual({
      linkSelection: '10.78.0.0',
      serverIdentifierOverride: '10.78.0.1',
      received: 'unicast',
      circuitId: Buffer.from('eth0'),
      remoteId: hex('beef'),
    });
    expect(decodeRelayAgentInformation(hex('0a01 00')).received).toBe('broadcast');
    expect(decodeRelayAgentInformation(hex('9902 0102'))).toEqual({});
  });

  it.each(['01', '0105 00', '0503 0a4e00', '0b05 0a4e000100', '0a02 8000'])('%s is refused', (text) => {
    expect(() => decodeRelayAgentInformation(hex(text))).toThrow(DecodeError);
  });

  it('any bytes at all give a value or DecodeError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          decodeRelayAgentInformation(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 300, seed: 4711 },
    );
  });
});

describe('the network of a request', () => {
  const own: InterfaceOptions = {
    name: 'eth0',
    address: { address: '10.77.0.1', prefixLength: 24 },
    mode: 'full',
    leaseSeconds: 3600,
    router: '10.77.0.254',
    dns: ['10.77.0.53'],
    dhcpOptions: [{ code: 42, addresses: ['10.77.0.2'] }],
    subnets: [
      { network: { address: '10.78.0.0', prefixLength: 24 }, router: '10.78.0.254', leaseSeconds: 60 },
      { network: { address: '10.79.0.0', prefixLength: 16 }, dns: [] },
    ],
  };
  const subnets = subnetsOf(own);
  const fixed = { bytes: (length: number) => Buffer.alloc(length, 0x11) };
  const identity = {
    mac: '52:54:00:77:00:01',
    uuid: '4c4c4544-0033-4a10-8052-b4c04f4d3432',
    firmware: 'bios',
  } as const;
  const discover = clientMessage(fixed, identity, { type: 'discover', speaker: 'firmware' });
  const ask = (giaddr: string, ciaddr: string, options: readonly (readonly [number, Buffer])[] = []) => ({
    ...discover,
    giaddr,
    ciaddr,
    options: new Map([...discover.options, ...options]),
  });
  const NONE = '0.0.0.0';
  const link = (address: string) => [82, Buffer.concat([hex('0504'), addressesValue([address])])] as const;

  it.each([
    ['a neighbour', ask(NONE, NONE), '10.77.0.1'],
    ['by its relay', ask('10.78.0.1', NONE), '10.78.0.0'],
    ['by the link its relay names (RFC 3527)', ask('10.78.0.1', NONE, [link('10.79.3.4')]), '10.79.0.0'],
    ['by subnet selection (RFC 3011)', ask(NONE, NONE, [[118, addressesValue(['10.79.0.0'])]]), '10.79.0.0'],
    ['by the address it has, when it renews without its relay', ask(NONE, '10.78.0.9'), '10.78.0.0'],
    ['a neighbour with an address from elsewhere', ask(NONE, '192.168.0.9'), '10.77.0.1'],
    ['unknown, by its relay', ask('10.99.0.1', NONE), undefined],
    ['unknown, by the link', ask('10.78.0.1', NONE, [link('10.99.0.0')]), undefined],
    ['with an option 82 that cannot be read', ask('10.78.0.1', NONE, [[82, hex('05ff')]]), '10.78.0.0'],
  ] as const)('%s', (_name, message, network) => {
    expect(originOf(message, subnets).subnet?.network.address.address).toBe(network);
  });

  it('has its own words for router, name servers and lease, and no pool or options of the interface', () => {
    const [first, second, third] = subnets.map(({ network, raw }) => ({
      router: network.router,
      dns: network.dns,
      leaseSeconds: network.leaseSeconds,
      raw: [...raw.keys()],
    }));
    expect(first).toEqual({ router: '10.77.0.254', dns: ['10.77.0.53'], leaseSeconds: 3600, raw: [42] });
    expect(second).toEqual({ router: '10.78.0.254', dns: ['10.77.0.53'], leaseSeconds: 60, raw: [] });
    expect(third).toEqual({ router: undefined, dns: [], leaseSeconds: 3600, raw: [] });
  });
});
