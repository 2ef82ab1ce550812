import { describe, expect, it } from 'vitest';
import { understandDhcpv6 } from '../../../../src/netboot/dhcpv6/understand.ts';
import {
  type Dhcpv6Message,
  decodeDhcpv6Message,
  encodeDhcpv6Message,
} from '../../../../src/protocols/dhcpv6/message.ts';
import type { Dhcpv6Option } from '../../../../src/protocols/dhcpv6/options.ts';
import { RIG_DUID, RIG_MAC, RIG_SOURCE } from '../../../support/dhcpv6-rig.ts';
import { recorded } from '../../../support/recorded-netboot.ts';

const UUID = '4c4c4544-0033-4a10-8052-b4c04f4d3432';
const option = (code: number, text = ''): Dhcpv6Option => ({
  code,
  data: Buffer.from(text.replaceAll(' ', ''), 'hex'),
});
const LL = option(1, '0003 0001 525400770602');
const message = (type: Exclude<Dhcpv6Message['type'], `relay-${string}`>, ...options: Dhcpv6Option[]): Buffer =>
  encodeDhcpv6Message({ type, transactionId: 1, options });
const relayed = (inner: Buffer, ...options: Dhcpv6Option[]): Buffer =>
  encodeDhcpv6Message({
    ...{ type: 'relay-forward', hopCount: 0, linkAddress: 'fd00:78::1', peerAddress: 'fe80::5054:ff:fe77:603' },
    options: [...options, { code: 9, data: inner }],
  });

describe('what real firmware sent', () => {
  const http = { client: 'http', architectures: [16], loader: 'firmware' };
  it.each([
    ['ovmf-solicit6', 'solicit', http],
    ['ovmf-request6', 'request', http],
    ['ovmf-ip6-solicit6', 'solicit', { client: 'other', architectures: [], loader: 'firmware' }],
    ['ovmf-release6', 'release', {}],
    ['ipxe-efi-solicit6', 'solicit', { client: 'pxe', architectures: [7], loader: 'ipxe' }],
    ['ipxe-efi-request6', 'request', { client: 'pxe', architectures: [7], loader: 'ipxe' }],
  ] as const)('%s is understood, its UUID too', (name, type, client) => {
    const request = understandDhcpv6(recorded(name), RIG_SOURCE);
    expect(request).toMatchObject({ type, client, macs: [RIG_MAC] });
    // EDK2 and iPXE write its bytes in different orders.
    expect(typeof request === 'string' ? [] : request.uuids[0]).toBe(UUID);
  });
});

describe('whose card it is', () => {
  it('is the one that the link-local address is made of, then the one of the DUID', () => {
    expect(understandDhcpv6(message('solicit', LL), RIG_SOURCE)).toMatchObject({
      macs: [RIG_MAC, '52:54:00:77:06:02'],
    });
    // A privacy address says nothing, and an address of a network is anybody's.
    expect(understandDhcpv6(message('solicit', LL), 'fe80::1')).toMatchObject({ macs: ['52:54:00:77:06:02'] });
    expect(understandDhcpv6(message('solicit', LL), 'fd00::5054:ff:fe77:601')).toMatchObject({
      macs: ['52:54:00:77:06:02'],
    });
    const llt = option(1, '0001 0001 00000000 525400770604');
    expect(understandDhcpv6(message('solicit', llt), '::')).toMatchObject({ macs: ['52:54:00:77:06:04'] });
  });

  it('is before all the one that the relay agent saw', () => {
    const seen = option(79, '0001 525400770605');
    const data = relayed(message('solicit', LL), seen);
    expect(understandDhcpv6(data, 'fd00:78::1')).toMatchObject({
      macs: ['52:54:00:77:06:05', '52:54:00:77:06:03', '52:54:00:77:06:02'],
    });
    // Of the agent next to the client, not of the one that heard that agent.
    expect(understandDhcpv6(relayed(data, option(79, '0001 525400770609')), 'fd00:79::1')).toMatchObject({
      macs: ['52:54:00:77:06:05', '52:54:00:77:06:03', '52:54:00:77:06:02'],
    });
  });

  it('reads a user class that is bare text', () => {
    const bare = { code: 15, data: Buffer.from('iPXE') };
    expect(understandDhcpv6(message('solicit', LL, bare), '::')).toMatchObject({ client: { loader: 'ipxe' } });
  });
});

describe('what is dropped, and why (RFC 8415 §16)', () => {
  const server = { code: 2, data: RIG_DUID };
  const ia = option(3, '00000001 00000000 00000000');
  let deep = message('solicit', LL);
  for (let hops = 0; hops < 9; hops++) deep = relayed(deep);
  it.each<[string, Buffer, string]>([
    ['no client id', message('solicit'), 'no-client-id'],
    ['Solicit to one server', message('solicit', LL, server), 'server-id'],
    ['Rebind to one server', message('rebind', LL, server), 'server-id'],
    ['Confirm to one server', message('confirm', LL, server), 'server-id'],
    ['Request to any', message('request', LL), 'no-server-id'],
    ['Renew to any', message('renew', LL), 'no-server-id'],
    ['Release to any', message('release', LL), 'no-server-id'],
    ['Decline to any', message('decline', LL), 'no-server-id'],
    ['Information-request for an address', message('information-request', LL, ia), 'identity-association'],
    ['an answer', message('reply', LL, server), 'not-a-request'],
    ['an Advertise', message('advertise', LL, server), 'not-a-request'],
    ['nobody knows from which card', message('solicit', option(1, '0002 00000009 01')), 'not-ethernet'],
    ['went round in circles', deep, 'hops'],
    ['nonsense', Buffer.from('nonsense'), 'malformed'],
    ['a DUID without a type', message('solicit', option(1, '00')), 'malformed'],
    ['too long', Buffer.alloc(1501, 1), 'oversized'],
  ])('%s', (_name, data, why) => expect(understandDhcpv6(data, 'fe80::1')).toBe(why));

  it('takes an Information-request without a client id, which RFC 8415 §18.2.6 allows', () => {
    expect(understandDhcpv6(message('information-request'), RIG_SOURCE)).toMatchObject({ clientId: undefined });
  });

  it('drops a relay agent that sends what only servers send', () => {
    const reply = decodeDhcpv6Message(relayed(message('solicit', LL)));
    const turned = encodeDhcpv6Message({ ...reply, type: 'relay-reply' } as Dhcpv6Message);
    expect(understandDhcpv6(turned, 'fe80::1')).toBe('not-a-request');
  });
});
