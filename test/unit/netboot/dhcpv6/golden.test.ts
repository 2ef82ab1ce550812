import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { forRelays } from '../../../../src/netboot/dhcpv6/reply.ts';
import { parseIpv6 } from '../../../../src/protocols/dhcpv6/ipv6.ts';
import { decodeDhcpv6Message, encodeDhcpv6Message, isRelayMessage } from '../../../../src/protocols/dhcpv6/message.ts';
import { dhcpv6Rig, type RigOptions } from '../../../support/dhcpv6-rig.ts';
import { packetText6 } from '../../../support/packet-text6.ts';
import { recorded } from '../../../support/recorded-netboot.ts';

const fixture = (name: string): string =>
  join(import.meta.dirname, '..', '..', '..', 'fixtures', 'netboot', 'offers6', `${name}.txt`);

/** The recorded request with another type: iPXE's Information-request is its Solicit without the association. */
function informationRequest(name: string): Buffer {
  const message = decodeDhcpv6Message(recorded(name));
  if (isRelayMessage(message)) throw new Error('relayed');
  const options = message.options.filter(({ code }) => code !== 3);
  return encodeDhcpv6Message({ ...message, type: 'information-request', options });
}

async function answered(data: Buffer, options: RigOptions = {}): Promise<string> {
  const reply = await dhcpv6Rig(options).ask(data);
  return reply === undefined ? 'no answer\n' : packetText6(encodeDhcpv6Message(reply));
}

const proxy = { own: { mode: 'proxy' } } as const;
const dns = { own: { dns: ['fd00:93::53', 'fd00:93::54'] } };

describe('golden answers, byte for byte', () => {
  it.each<[string, Buffer, RigOptions]>([
    ['full-advertise-uefi-http', recorded('ovmf-solicit6'), {}],
    ['full-reply-uefi-http', recorded('ovmf-request6'), {}],
    ['full-reply-uefi-http-dns', recorded('ovmf-request6'), dns],
    ['full-advertise-uefi-ip6', recorded('ovmf-ip6-solicit6'), {}],
    ['full-reply-uefi-release', recorded('ovmf-release6'), {}],
    ['full-advertise-ipxe', recorded('ipxe-efi-solicit6'), {}],
    ['full-reply-ipxe', recorded('ipxe-efi-request6'), {}],
    ['full-reply-ipxe-information', informationRequest('ipxe-efi-solicit6'), dns],
    ['full-advertise-uefi-http-declared', recorded('ovmf-solicit6'), { spec: { address6: 'fd00:93::11' } }],
    ['full-advertise-uefi-http-not-armed', recorded('ovmf-solicit6'), { armed: false }],
    ['proxy-advertise-uefi-http', recorded('ovmf-solicit6'), proxy],
    ['proxy-reply-ipxe-information', informationRequest('ipxe-efi-solicit6'), proxy],
  ])('%s', async (name, data, options) => {
    await expect(await answered(data, options)).toMatchFileSnapshot(fixture(name));
  });

  it('full-relay-reply', async () => {
    const reply = await dhcpv6Rig().ask(recorded('ovmf-solicit6'));
    if (reply === undefined) throw new Error('no answer');
    const relay = (hopCount: number, linkAddress: string, peerAddress: string, interfaceId: string) => ({
      ...({ type: 'relay-forward', hopCount, linkAddress, peerAddress } as const),
      options: [
        { code: 18, data: Buffer.from(interfaceId) },
        { code: 79, data: Buffer.from('0001525400770601', 'hex') },
        { code: 9, data: Buffer.alloc(4) },
      ],
    });
    const whole = encodeDhcpv6Message(
      forRelays(reply, [relay(1, '::', 'fd00:78::1', 'up'), relay(0, 'fd00:93::9', 'fe80::1', 'port7')]),
    );
    await expect(packetText6(whole)).toMatchFileSnapshot(fixture('full-relay-reply'));
    expect(whole.subarray(2, 18)).toEqual(parseIpv6('::'));
  });

  it('names the boot URL before the last option, and sends no parameters with it', async () => {
    for (const name of ['ovmf-solicit6', 'ovmf-request6'] as const) {
      for (const own of [{}, { mode: 'proxy' as const }]) {
        const reply = await dhcpv6Rig({ own }).ask(recorded(name));
        if (reply === undefined) continue;
        const codes = reply.options.map(({ code }) => code);
        expect(codes).toContain(59);
        expect(codes.at(-1)).not.toBe(59);
        expect(codes).not.toContain(60);
      }
    }
  });
});
