import { describe, expect, it } from 'vitest';
import { understandDhcp } from '../../../src/netboot/dhcp/understand.ts';
import { decodeDhcpMessage, encodeDhcpMessage } from '../../../src/protocols/dhcp/message.ts';
import { addressOption } from '../../../src/protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../../src/protocols/dhcp/options.ts';
import { decodeTftpPacket, describeTftpPacket, encodeTftpPacket } from '../../../src/protocols/tftp/packet.ts';
import { RECORDED_DHCP, recorded } from '../../support/recorded-netboot.ts';

const ipxe = { client: 'pxe', loader: 'ipxe', features: { http: true, kernel: true } };
const ovmf = { client: 'pxe', architectures: [7], loader: 'firmware', features: null };

describe('what real firmware sent', () => {
  it.each([
    ['seabios-ipxe-discover', 'discover', { ...ipxe, architectures: [0] }],
    ['seabios-ipxe-request', 'request', { ...ipxe, architectures: [0] }],
    ['ovmf-discover', 'discover', ovmf],
    ['ovmf-request', 'request', ovmf],
    ['ipxe-efi-discover', 'discover', { ...ipxe, architectures: [7] }],
    ['ipxe-efi-request', 'request', { ...ipxe, architectures: [7] }],
  ] as const)('%s is understood', (name, type, client) => {
    expect(understandDhcp(recorded(name))).toMatchObject({ mac: '52:54:00:77:09:01', type, client });
  });

  it.each(RECORDED_DHCP.filter((name) => name.endsWith('request')))('%s names server and address', (name) => {
    const { options } = decodeDhcpMessage(recorded(name));
    expect(addressOption(options, DHCP_OPTION.serverIdentifier)).toBe('10.93.0.1');
    expect(addressOption(options, DHCP_OPTION.requestedAddress)).toBe('10.93.0.11');
  });

  it.each(RECORDED_DHCP)('%s comes out of the codec as it went in', (name) => {
    const bytes = recorded(name);
    const again = encodeDhcpMessage(decodeDhcpMessage(bytes));
    expect(again.subarray(0, bytes.length)).toEqual(bytes);
    expect(again.subarray(bytes.length).every((byte) => byte === 0)).toBe(true);
  });

  it.each([
    ['ovmf-tftp-probe', 'RRQ "ipxe.efi" octet tsize=0 blksize=1468 windowsize=4'],
    ['ovmf-tftp-read', 'RRQ "ipxe.efi" octet blksize=1468 windowsize=4'],
  ])('%s', (name, text) => {
    const packet = decodeTftpPacket(recorded(name));
    expect(describeTftpPacket(packet)).toBe(text);
    expect(encodeTftpPacket(packet)).toEqual(recorded(name));
  });
});
