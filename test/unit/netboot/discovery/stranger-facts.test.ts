import { describe, expect, it } from 'vitest';
import { isSameMachine } from '../../../../src/domain/discovered-machine.ts';
import { understandDhcp } from '../../../../src/netboot/dhcp/understand.ts';
import { mergeStrangerFacts, strangerFactsOf } from '../../../../src/netboot/discovery/stranger-facts.ts';
import { textValue } from '../../../../src/protocols/dhcp/option-values.ts';
import { recorded } from '../../../support/recorded-netboot.ts';
import { strangerRequest } from '../../../support/stranger-request.ts';

const MAC = '52:54:00:00:00:99';
const factsOf = (ask: Partial<Parameters<typeof strangerRequest>[0]> = {}) =>
  strangerFactsOf(strangerRequest({ mac: MAC, ...ask }), 'eth0');

describe('facts of a stranger', () => {
  it('are what real firmware sends', () => {
    const request = understandDhcp(recorded('ovmf-discover'));
    if (typeof request === 'string') throw new Error(request);
    expect(strangerFactsOf(request, 'eno1')).toMatchObject({
      architectures: [{ value: 7, name: 'x64 UEFI' }],
      client: 'pxe',
      loader: 'firmware',
      vendorClass: 'PXEClient:Arch:00007:UNDI:003000',
      interface: 'eno1',
      relay: null,
    });
    const ipxe = understandDhcp(recorded('seabios-ipxe-discover'));
    if (typeof ipxe === 'string') throw new Error(ipxe);
    expect(strangerFactsOf(ipxe, 'eno1')).toMatchObject({ loader: 'ipxe', userClasses: ['iPXE'] });
  });

  it('give the UUID in both byte orders, so that cards of one machine are known by either', () => {
    const one = factsOf();
    expect(one.uuids).toEqual(['4c4c4544-0033-4a10-8052-b4c04f4d3432', '44454c4c-3300-104a-8052-b4c04f4d3432']);
    const other = factsOf({ uuid: '44454c4c-3300-104a-8052-b4c04f4d3432' });
    expect(isSameMachine(one, other)).toBe(true);
    expect(isSameMachine(one, factsOf({ uuid: '11111111-2222-3333-4444-555555555555' }))).toBe(false);
    const none = factsOf({ options: { 97: null } });
    expect(isSameMachine(none, none)).toBe(false);
  });

  it('name the relay and its port, as text or in hexadecimal', () => {
    const text = Buffer.from('0107476931 2f302f37 0203aabbcc'.replaceAll(' ', ''), 'hex');
    expect(factsOf({ giaddr: '10.9.0.1', options: { 82: text } }).relay).toEqual({
      address: '10.9.0.1',
      circuitId: 'Gi1/0/7',
      remoteId: 'aabbcc',
    });
    const broken = factsOf({ giaddr: '10.9.0.1', options: { 82: Buffer.from('01ff', 'hex') } });
    expect(broken.relay).toEqual({ address: '10.9.0.1', circuitId: null, remoteId: null });
  });

  it('hold no control characters and no long texts', () => {
    const evil = textValue(`\u001b[2Jbox\n\u009b31m${'x'.repeat(300)}`);
    const { hostname, vendorClass } = factsOf({ options: { 12: evil, 60: evil } });
    expect(hostname).toHaveLength(128);
    expect(hostname).toMatch(/^\[2Jbox31mx+$/);
    expect(vendorClass).toBe(hostname);
    expect(factsOf({ options: { 12: textValue('\0\0') } }).hostname).toBeNull();
    expect(factsOf({ options: { 50: Buffer.from([1, 2]) } }).askedAddress).toBeNull();
    expect(factsOf({ options: { 50: Buffer.from([10, 0, 0, 7]) } }).askedAddress).toBe('10.0.0.7');
  });

  it('are not lost when a later request says less', () => {
    const before = factsOf({ options: { 12: textValue('box'), 50: Buffer.from([10, 0, 0, 7]) } });
    const after = mergeStrangerFacts(before, factsOf({ speaker: 'system', options: { 97: null, 60: null } }));
    expect(after).toEqual(before);
    const ipxe = mergeStrangerFacts(before, { ...before, loader: 'ipxe', userClasses: ['iPXE'], hostname: null });
    expect(ipxe).toEqual({ ...before, loader: 'ipxe', userClasses: ['iPXE'] });
  });
});
