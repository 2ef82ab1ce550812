import { describe, expect, it } from 'vitest';
import {
  addressesOfIa,
  decodeIaNa,
  encodeIaAddress,
  encodeIaNa,
} from '../../../../src/protocols/dhcpv6/identity-association.ts';
import { type Dhcpv6ClientMessage, encodeDhcpv6Message } from '../../../../src/protocols/dhcpv6/message.ts';
import { decodeStatusCode } from '../../../../src/protocols/dhcpv6/option-values.ts';
import { type Dhcpv6Option, dhcpv6Option, dhcpv6OptionsOf } from '../../../../src/protocols/dhcpv6/options.ts';
import { dhcpv6Rig, RIG_DUID, RIG_SERVER, RIG_SOURCE, RIG_TOKEN } from '../../../support/dhcpv6-rig.ts';
import { recorded } from '../../../support/recorded-netboot.ts';

const OWN = 'fd00:93::5254:77:601';
const LL = { code: 1, data: Buffer.from('00030001525400770601', 'hex') };
const SERVER = { code: 2, data: RIG_DUID };
const IPXE = { code: 15, data: Buffer.from('\0\x04iPXE', 'latin1') };
const RAPID = { code: 14, data: Buffer.alloc(0) };

const ia = (iaid: number, ...addresses: readonly string[]): Dhcpv6Option => {
  const options = addresses.map((address) => ({
    code: 5,
    data: encodeIaAddress({ address, preferredLifetime: 0, validLifetime: 0, options: [] }),
  }));
  return { code: 3, data: encodeIaNa({ iaid, t1: 0, t2: 0, options }) };
};
const from = (type: Dhcpv6ClientMessage['type'], ...options: Dhcpv6Option[]): Dhcpv6ClientMessage => ({
  ...{ type, transactionId: 0x123456, options: [LL, ...options] },
});

/** What a test looks at: every association with its addresses and status. */
function told(reply: Dhcpv6ClientMessage | undefined) {
  if (reply === undefined) return undefined;
  const statusIn = (options: readonly Dhcpv6Option[]): number | undefined => {
    const data = dhcpv6Option(options, 13);
    return data === undefined ? undefined : decodeStatusCode(data).status;
  };
  return {
    type: reply.type,
    status: statusIn(reply.options),
    url: dhcpv6Option(reply.options, 59)?.toString('latin1'),
    codes: reply.options.map(({ code }) => code),
    ias: dhcpv6OptionsOf(reply.options, 3)
      .map(decodeIaNa)
      .map((one) => ({
        iaid: one.iaid,
        addresses: addressesOfIa(one).map(({ address, validLifetime }) => `${address} ${validLifetime}`),
        status: statusIn(one.options),
      })),
  };
}

describe('mode full', () => {
  it('gives a declared machine its address and script, by four messages', async () => {
    const rig = dhcpv6Rig();
    const advertise = told(await rig.askMessage(from('solicit', ia(7), IPXE)));
    const url = `http://[${RIG_SERVER}]:8480/boot/${RIG_TOKEN}/script.ipxe`;
    expect(advertise).toMatchObject({ type: 'advertise', url, codes: [1, 2, 59, 3, 7] });
    expect(advertise?.ias).toEqual([{ iaid: 7, addresses: [`${OWN} 3600`], status: undefined }]);
    expect(await rig.said('lease.granted')).toEqual([]);
    const reply = told(await rig.askMessage(from('request', SERVER, ia(7, OWN), IPXE)));
    expect(reply).toMatchObject({ type: 'reply', url, ias: advertise?.ias });
    expect(await rig.said('lease.granted')).toEqual([{ address: OWN, leaseMs: 3_600_000 }]);
    const offered = await rig.said('boot.offered');
    expect(offered[0]).toMatchObject({ protocol: 'dhcpv6', file: 'script.ipxe' });
    expect(JSON.stringify(rig.timeline.events)).not.toContain(RIG_TOKEN);
  });

  it('gives it by two where the client asks for that', async () => {
    const rig = dhcpv6Rig();
    const reply = told(await rig.askMessage(from('solicit', ia(7), RAPID)));
    expect(reply).toMatchObject({ type: 'reply', ias: [{ addresses: [`${OWN} 3600`] }] });
    expect(reply?.codes).toContain(14);
    expect(await rig.said('lease.granted')).toHaveLength(1);
  });

  it('gives the declared address to the first card, and another to the second', async () => {
    const spec = { macs: ['52:54:00:77:06:01', '52:54:00:77:06:02'], address6: 'FD00:93:0:0::11' };
    const rig = dhcpv6Rig({ spec, own: { leaseSeconds: 600 } });
    expect(told(await rig.askMessage(from('solicit', ia(1))))?.ias[0]?.addresses).toEqual(['fd00:93::11 600']);
    const second = await rig.askMessage(from('solicit', ia(1)), 'fe80::5054:ff:fe77:602');
    expect(told(second)?.ias[0]?.addresses).toEqual(['fd00:93::5254:77:602 600']);
  });

  it('gives addresses of the pool where one is set', async () => {
    const rig = dhcpv6Rig({ own: { pool: { address: 'fd00:93:0:0:1::', prefixLength: 80 } } });
    expect(told(await rig.askMessage(from('solicit', ia(1))))?.ias[0]?.addresses).toEqual([
      'fd00:93::1:5254:77:601 3600',
    ]);
  });

  it('has one address for a machine, and refuses one of another network', async () => {
    const rig = dhcpv6Rig();
    const two = told(await rig.askMessage(from('request', SERVER, ia(1), ia(2))));
    expect(two?.ias.map(({ status }) => status)).toEqual([undefined, 2]);
    const elsewhere = told(await rig.askMessage(from('request', SERVER, ia(1, 'fd00:94::5'))));
    expect(elsewhere?.ias).toEqual([{ iaid: 1, addresses: [], status: 4 }]);
  });

  it('renews what is its own and takes back what is not', async () => {
    const rig = dhcpv6Rig();
    for (const message of [from('renew', SERVER, ia(1, OWN, 'fd00:93::99')), from('rebind', ia(1, OWN, 'fd00:93::99'))])
      expect(told(await rig.askMessage(message))?.ias).toEqual([
        { iaid: 1, addresses: [`${OWN} 3600`, 'fd00:93::99 0'], status: undefined },
      ]);
  });

  it('confirms where a client is', async () => {
    const { askMessage } = dhcpv6Rig();
    expect(told(await askMessage(from('confirm', ia(1, 'fd00:93::99'))))).toMatchObject({ type: 'reply', status: 0 });
    expect(told(await askMessage(from('confirm', ia(1, OWN), ia(2, 'fd00:94::1'))))).toMatchObject({ status: 4 });
    expect(await askMessage(from('confirm', ia(1)))).toBeUndefined();
  });

  it('takes note of a release, and keeps the address for the machine', async () => {
    const { askMessage } = dhcpv6Rig();
    const reply = told(await askMessage(from('release', SERVER, ia(1, OWN), ia(2, 'fd00:93::99'))));
    expect(reply).toMatchObject({ type: 'reply', status: 0, ias: [{ iaid: 2, addresses: [], status: 3 }] });
    expect(told(await askMessage(from('solicit', ia(1))))?.ias[0]?.addresses).toEqual([`${OWN} 3600`]);
  });

  it('gives another address when another host has the first, for an hour', async () => {
    const rig = dhcpv6Rig();
    const next = async () => told(await rig.askMessage(from('solicit', ia(1))))?.ias[0];
    await rig.askMessage(from('decline', SERVER, ia(1, 'fd00:93::99')));
    expect((await next())?.addresses).toEqual([`${OWN} 3600`]);
    for (const again of ['fd00:93::1:5254:77:601', 'fd00:93::2:5254:77:601', 'fd00:93::3:5254:77:601']) {
      const had = (await next())?.addresses[0]?.split(' ')[0] ?? '';
      expect(told(await rig.askMessage(from('decline', SERVER, ia(1, had))))?.status).toBe(0);
      expect((await next())?.addresses).toEqual([`${again} 3600`]);
    }
    await rig.askMessage(from('decline', SERVER, ia(1, 'fd00:93::3:5254:77:601')));
    expect(await next()).toEqual({ iaid: 1, addresses: [], status: 2 });
    await rig.askMessage(from('request', SERVER, ia(1)));
    const ignored = await rig.said('boot.ignored');
    expect(ignored.filter(({ why }) => why === 'address-in-use')).toHaveLength(4);
    expect(ignored.at(-1)).toEqual({ protocol: 'dhcpv6', why: 'no-address6' });
    await rig.clock.advance(3_600_001);
    expect((await next())?.addresses).toEqual([`${OWN} 3600`]);
  });

  it('says nothing to strangers, and counts them', async () => {
    const rig = dhcpv6Rig();
    const stranger = { code: 1, data: Buffer.from('00030001525400779999', 'hex') };
    for (const type of ['solicit', 'information-request', 'rebind', 'confirm'] as const) {
      const options = type === 'information-request' ? [stranger] : [stranger, ia(1, 'fd00:93::5')];
      expect(await rig.askMessage({ type, transactionId: 1, options }, 'fe80::99')).toBeUndefined();
    }
    expect(rig.meter.value('netboot_unknown_machine', { channel: 'dhcpv6' })).toBe(4);
  });

  it('leaves who chose another server alone', async () => {
    const rig = dhcpv6Rig();
    const other = { code: 2, data: Buffer.from('000300015254aaaaaaaa', 'hex') };
    expect(await rig.askMessage(from('request', other, ia(1)))).toBeUndefined();
    expect(await rig.askMessage(from('release', other, ia(1, OWN)))).toBeUndefined();
    expect(await rig.said('boot.ignored')).toEqual([{ protocol: 'dhcpv6', why: 'other-server-chosen' }]);
  });

  it('wants to be asked by multicast, but for relay agents', async () => {
    const { askMessage } = dhcpv6Rig();
    const unicast = (message: Dhcpv6ClientMessage) => askMessage(message, RIG_SOURCE, true);
    for (const type of ['request', 'renew', 'release', 'decline'] as const)
      expect(told(await unicast(from(type, SERVER, ia(1, OWN))))).toMatchObject({ type: 'reply', status: 5, ias: [] });
    expect(await unicast(from('solicit', ia(1)))).toBeUndefined();
  });

  it('has no loader for PXE over IPv6, and says why', async () => {
    const rig = dhcpv6Rig();
    const vendor = {
      code: 16,
      data: Buffer.from(`00000157${'0009'}${Buffer.from('PXEClient').toString('hex')}`, 'hex'),
    };
    const reply = told(
      await rig.askMessage(from('solicit', ia(1), vendor, { code: 61, data: Buffer.from('0007', 'hex') })),
    );
    expect(reply).toMatchObject({ url: undefined, ias: [{ addresses: [`${OWN} 3600`] }] });
    expect(await rig.said('boot.ignored')).toEqual([{ protocol: 'dhcpv6', why: 'pxe-over-ipv6' }]);
  });
});

describe('behind relay agents', () => {
  const behind = (link: string): Buffer => {
    const inner = encodeDhcpv6Message(from('solicit', ia(1)));
    const near = encodeDhcpv6Message({
      ...{ type: 'relay-forward', hopCount: 0, linkAddress: link, peerAddress: RIG_SOURCE },
      options: [{ code: 9, data: inner }],
    });
    return encodeDhcpv6Message({
      ...{ type: 'relay-forward', hopCount: 1, linkAddress: '::', peerAddress: 'fd00:77::9' },
      options: [{ code: 9, data: near }],
    });
  };
  const own = { subnets: [{ network: { address: 'fd00:78::', prefixLength: 64 } }] };

  it('gives addresses of the network that the agent next to the client names', async () => {
    const { ask } = dhcpv6Rig({ own });
    expect(told(await ask(behind('fd00:78::1'), 'fd00:77::9'))?.ias[0]?.addresses).toEqual([
      'fd00:78::5254:77:601 3600',
    ]);
  });

  it('tells a machine on a network that is not listed nothing, and the operator why', async () => {
    const rig = dhcpv6Rig({ own });
    expect(await rig.ask(behind('fd00:79::1'), 'fd00:77::9')).toBeUndefined();
    expect(await rig.said('boot.ignored')).toEqual([{ protocol: 'dhcpv6', why: 'unknown-subnet' }]);
  });
});

describe('mode proxy', () => {
  const own = { mode: 'proxy' } as const;

  it('hears which address of our network another server gave, for a day', async () => {
    const rig = dhcpv6Rig({ own });
    const other = { code: 2, data: Buffer.from('000300015254aaaaaaaa', 'hex') };
    const mac = (address: string): string | undefined => rig.heard.macOf(address);
    expect(await rig.askMessage(from('request', other, ia(1, 'fd00:93::1e20', 'fd00:94::1')))).toBeUndefined();
    expect(mac('fd00:93::1e20')).toBe('52:54:00:77:06:01');
    expect(mac('fd00:94::1')).toBeUndefined();
    // What was not sent on the link says nothing about it, nor does a stranger.
    await rig.askMessage(from('request', other, ia(1, 'fd00:93::2')), RIG_SOURCE, true);
    const stranger = { code: 1, data: Buffer.from('00030001525400779999', 'hex') };
    await rig.askMessage(
      { type: 'request', transactionId: 1, options: [stranger, other, ia(1, 'fd00:93::3')] },
      'fe80::9',
    );
    expect([mac('fd00:93::2'), mac('fd00:93::3')]).toEqual([undefined, undefined]);
    expect(await rig.said('boot.ignored')).toEqual([]);
    await rig.clock.advance(86_400_001);
    expect(mac('fd00:93::1e20')).toBeUndefined();
  });

  it('offers a URL and no address, to an armed boot client only', async () => {
    const { ask, askMessage } = dhcpv6Rig({ own });
    expect(told(await ask(recorded('ovmf-solicit6')))).toMatchObject({
      type: 'advertise',
      codes: [1, 2, 59, 16],
      ias: [],
    });
    expect(await askMessage(from('solicit', ia(1)))).toBeUndefined();
    expect(await askMessage(from('solicit', ia(1), RAPID))).toBeUndefined();
    expect(told(await askMessage(from('information-request', IPXE)))).toMatchObject({
      type: 'reply',
      codes: [1, 2, 59],
    });
    expect(await dhcpv6Rig({ own, armed: false }).ask(recorded('ovmf-solicit6'))).toBeUndefined();
  });

  it.each(['renew', 'rebind', 'confirm', 'release', 'decline', 'request'] as const)(
    'leaves %s to who leases',
    async (type) => {
      const toOne = type === 'rebind' || type === 'confirm' ? [] : [SERVER];
      expect(await dhcpv6Rig({ own }).askMessage(from(type, ...toOne, ia(1, OWN), IPXE))).toBeUndefined();
    },
  );
});
