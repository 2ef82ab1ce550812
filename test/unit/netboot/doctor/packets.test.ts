import { describe, expect, it } from 'vitest';
import { textWithoutTokens, withoutTokens } from '../../../../src/netboot/doctor/blot.ts';
import { createPacketRing } from '../../../../src/netboot/doctor/packet-ring.ts';
import { understandPacket } from '../../../../src/netboot/doctor/understand-packet.ts';
import type { TappedPacket } from '../../../../src/netboot/packet-tap.ts';
import { decodePcapFile } from '../../../../src/protocols/pcap/pcap-file.ts';
import { type RECORDED_DHCP, recorded } from '../../../support/recorded-netboot.ts';

const TOKEN = '0123456789abcdefghjkmnpqrstvwxyz';

describe('tokens', () => {
  it('are crossed out at the same length, wherever they stand', () => {
    const data = Buffer.from(`\x43\x30http://10.0.0.1:8480/boot/${TOKEN}/script.ipxe\0${TOKEN}${TOKEN}`, 'latin1');
    const clean = withoutTokens(data, TOKEN);
    expect(clean.length).toBe(data.length);
    expect(clean.includes(TOKEN)).toBe(false);
    expect(clean.toString('latin1')).toContain(`/boot/${'x'.repeat(32)}/script.ipxe\0`);
    expect(data.includes(TOKEN), 'the packet itself is left alone').toBe(true);
  });

  it('of other attempts too, also where the datagram ends in them', () => {
    const other = 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz';
    expect(withoutTokens(Buffer.from(`/boot/${other}/kernel`), TOKEN).includes(other)).toBe(false);
    expect(withoutTokens(Buffer.from(`/BOOT/${other.slice(0, 20)}`), TOKEN).toString()).toBe(`/BOOT/${'x'.repeat(20)}`);
    expect(textWithoutTokens(`boot/${TOKEN}/a /boot/${other}/b`, TOKEN)).toBe('boot/…/a /boot/…/b');
  });

  it('a name that only looks like one is left', () => {
    expect(withoutTokens(Buffer.from('/boot/ipxe.efi'), TOKEN).toString()).toBe('/boot/ipxe.efi');
  });
});

describe('the ring of packets', () => {
  it('keeps the last ones, by number and by bytes, and can be gone on with', () => {
    let most = 1000;
    const ring = createPacketRing(20, () => most);
    for (let number = 0; number < 100; number++) ring.push(number, Buffer.alloc(10, number), 10);
    expect(ring.count).toBe(20);
    expect(decodePcapFile(ring.file()).records[0]?.atUs).toBe(80_000);
    most = 200;
    ring.push(100, Buffer.alloc(10, 100), 10);
    expect(ring.file().length).toBeLessThanOrEqual(200);
    const next = createPacketRing(20, () => 1000);
    next.push(500, Buffer.alloc(1), 1);
    next.restore(ring.file());
    expect(decodePcapFile(next.file()).records.map(({ atUs }) => atUs / 1000)).toEqual([95, 96, 97, 98, 99, 100, 500]);
  });
});

describe('packets of real firmware', () => {
  const packet = (name: (typeof RECORDED_DHCP)[number]): TappedPacket => ({
    ...{ direction: 'in', protocol: 'dhcp', interface: 'eth0', data: recorded(name), mac: '52:54:00:77:09:01' },
    ...{ local: { address: '10.0.0.1', port: 67 }, remote: { address: '0.0.0.0', port: 68 } },
  });

  it.each([
    ['seabios-ipxe-discover', 'ipxe', 'discover', 0],
    ['seabios-ipxe-request', 'ipxe', 'request', 0],
    ['ovmf-discover', 'firmware', 'discover', 7],
    ['ovmf-request', 'firmware', 'request', 7],
    ['ipxe-efi-discover', 'ipxe', 'discover', 7],
    ['ipxe-efi-request', 'ipxe', 'request', 7],
  ] as const)('%s', (name, speaker, type, architecture) => {
    const seen = understandPacket(packet(name), { mode: 'full', ours: [] }, 5)?.seen;
    expect(seen).toMatchObject({ kind: 'asked', at: 5, speaker, type, architecture, relay: null });
    if (seen?.kind !== 'asked') throw new Error('not a question');
    expect([seen.chosen === null, seen.foreign]).toEqual([type === 'discover', type === 'request']);
    expect(seen.heardOffers).toBe(speaker === 'ipxe' && type === 'discover' ? 'none' : null);
  });
});
