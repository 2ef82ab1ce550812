import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootBaseUrl } from '../../../../src/netboot/boot-urls.ts';
import { planAnswer } from '../../../../src/netboot/http/answer-plan.ts';
import { contentTypeOf } from '../../../../src/netboot/http/content-type.ts';
import { rangeOf } from '../../../../src/netboot/http/range.ts';
import type { Neighbour } from '../../../../src/netboot/linux-network.ts';
import { createPeers, plainAddress } from '../../../../src/netboot/peers.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import { memoryLeases, memoryMachines, sampleMachine } from '../../../support/netboot-ports.ts';

const ETAG = '"abc"';
const body = { size: 1000, type: 'application/efi', etag: ETAG, source: { data: Buffer.alloc(1000) } };
const plan = (headers: Readonly<Record<string, string | string[]>>, method = 'GET') =>
  planAnswer({ method, headers } as unknown as IncomingMessage, body);

describe('ranges', () => {
  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=0-499', 0, 500],
    ['bytes=500-', 500, 1000],
    ['bytes=999-', 999, 1000],
    ['bytes=-1', 999, 1000],
    ['bytes=-5000', 0, 1000],
    ['bytes=10-99999999999999999999', 10, 1000],
    ['Bytes= 10-20 ', 10, 21],
  ])('%s is a part', (header, from, to) => {
    expect(rangeOf(header, undefined, ETAG, 1000)).toEqual({ kind: 'part', from, to });
  });
  it.each(['bytes=1000-', 'bytes=99999999999999999999-', 'bytes=-0'])('%s cannot be had', (header) => {
    expect(rangeOf(header, undefined, ETAG, 1000)).toEqual({ kind: 'unsatisfiable' });
  });
  it.each(['bytes=', 'bytes=-', 'bytes=5-4', 'bytes=1 0-20', 'bytes=0-1,5-6', 'lines=1-2', 'bytes=a-b', 'bytes=0x1-2'])(
    '%s is answered with the whole',
    (header) => expect(rangeOf(header, undefined, ETAG, 1000)).toEqual({ kind: 'whole' }),
  );
  it('of any text lie in the file', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'bytes=0123456789-, ') }), fc.nat(3000), (text, size) => {
        const answer = rangeOf(`bytes=${text}`, undefined, ETAG, size);
        if (answer.kind !== 'part') return;
        expect(answer.from).toBeGreaterThanOrEqual(0);
        expect(answer.to).toBeGreaterThan(answer.from);
        expect(answer.to).toBeLessThanOrEqual(size);
      }),
      { numRuns: 300 },
    );
  });
});

describe('conditions', () => {
  it.each([
    ['"abc"', 304],
    ['W/"abc"', 304],
    ['"x", "abc"', 304],
    ['*', 304],
    ['"x"', 200],
    ['abc', 200],
  ])('If-None-Match: %s gives %d', (value, status) => {
    expect(plan({ 'if-none-match': value }).status).toBe(status);
    expect(plan({ 'if-none-match': value }, 'HEAD').status).toBe(status);
  });
  it.each([
    ['"abc"', 200],
    ['*', 200],
    ['W/"abc"', 412],
    ['"x"', 412],
  ])('If-Match: %s gives %d', (value, status) => expect(plan({ 'if-match': value }).status).toBe(status));
  it.each([
    ['"abc"', 206],
    ['W/"abc"', 200],
    ['"old"', 200],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 200],
  ])('If-Range: %s gives %d: only our strong tag proves that the parts fit', (value, status) => {
    expect(plan({ range: 'bytes=1-2', 'if-range': value }).status).toBe(status);
  });
  it('send no body with HEAD, and its true length all the same', () => {
    expect(plan({ range: 'bytes=1-2' }, 'HEAD')).toMatchObject({ status: 200, from: 0, to: 0 });
    expect(plan({}, 'HEAD').headers['Content-Length']).toBe(1000);
  });
  it('never leave a header empty or a body without its length', () => {
    for (const headers of [{}, { range: 'bytes=1-2' }, { range: 'bytes=5000-' }, { 'if-match': '"x"' }]) {
      const { headers: sent, from, to, status } = plan(headers);
      expect(Object.values(sent).every((value) => String(value).length > 0)).toBe(true);
      if (status === 206 || status === 200) expect(sent['Content-Length']).toBe(to - from);
      else expect(sent['Content-Length']).toBe(0);
    }
  });
});

describe('types', () => {
  it.each([
    ['ipxe.efi', 'application/efi'],
    ['BOOTX64.EFI', 'application/efi'],
    ['rescue.iso', 'application/vnd.efi-iso'],
    ['rescue.img', 'application/vnd.efi-img'],
    ['autoexec.ipxe', 'text/plain; charset=utf-8'],
    ['undionly.kpxe', 'application/octet-stream'],
  ])('%s is %s', (name, type) => expect(contentTypeOf(name)).toBe(type));
});

describe('peers', () => {
  const machine = sampleMachine({ name: 'm1', macs: ['52:54:00:12:34:56'], address: '10.0.0.11' });
  const other = sampleMachine({ name: 'm2', macs: ['52:54:00:12:34:57'], address: '2001:db8:0:0::12' });

  async function peersWith(...addresses: readonly [address: string, mac: string][]) {
    const clock = createManualClock();
    const leases = memoryLeases();
    const neighbours: Neighbour[] = [];
    for (const [address, mac] of addresses)
      await leases.put({ address, mac, expiresAt: clock.now() + 60_000, state: 'bound' });
    return {
      clock,
      neighbours,
      peers: createPeers({
        leases,
        machines: memoryMachines([machine, other]),
        clock,
        neighbours: async () => neighbours,
      }),
    };
  }

  it('know addresses however they are written', () => {
    expect(plainAddress('::ffff:10.0.0.11')).toBe('10.0.0.11');
    expect(plainAddress('2001:0DB8:0000::0012')).toBe('2001:db8::12');
    expect(plainAddress('fe80::1%eth0')).toBe('fe80::1');
    expect(plainAddress(undefined)).toBe('');
  });

  it('are known by declared address, by lease and an hour after it, and by the link-local address of their MAC', async () => {
    const { peers, clock } = await peersWith(['2001:db8::77', '52:54:00:12:34:56']);
    expect(await peers.belongsTo('::ffff:10.0.0.11', machine)).toBe(true);
    expect(await peers.belongsTo('2001:db8::77', machine)).toBe(true);
    expect(await peers.belongsTo('2001:DB8:0::12', other)).toBe(true);
    expect(await peers.belongsTo('fe80::5054:ff:fe12:3456%eth0', machine)).toBe(true);
    expect((await peers.machineAt('2001:db8::77'))?.id).toBe('id-m1');
    await clock.advance(60_001);
    expect(await peers.belongsTo('2001:db8::77', machine)).toBe(true);
    await clock.advance(3_600_000);
    expect(await peers.belongsTo('2001:db8::77', machine)).toBe(false);
  });

  it('are known by their card, where another server gave them an address', async () => {
    const { peers, neighbours } = await peersWith(['10.0.0.99', '52:54:00:12:34:57']);
    expect(await peers.belongsTo('10.0.0.200', machine)).toBe(false);
    neighbours.push({ address: '10.0.0.200', mac: '52:54:00:12:34:56', interface: 'eth0' });
    expect(await peers.belongsTo('10.0.0.200', machine)).toBe(true);
    expect((await peers.machineAt('10.0.0.200'))?.id).toBe('id-m1');
    expect(await peers.belongsTo('10.0.0.200', other)).toBe(false);
    // What we gave to another, and what was declared for another, stays theirs whoever answers for it.
    neighbours.push({ address: '10.0.0.99', mac: '52:54:00:12:34:56', interface: 'eth0' });
    neighbours.push({ address: '10.0.0.11', mac: '52:54:00:12:34:57', interface: 'eth0' });
    expect(await peers.belongsTo('10.0.0.99', machine)).toBe(false);
    expect(await peers.belongsTo('10.0.0.11', other)).toBe(false);
  });

  it('are not known by the address of another, nor by one that anybody could give himself', async () => {
    const { peers } = await peersWith(['2001:db8::77', '52:54:00:12:34:56']);
    for (const address of ['2001:db8::77', 'fe80::5054:ff:fe12:3456', '10.0.0.11', ''])
      expect(await peers.belongsTo(address, other)).toBe(false);
    expect(await peers.belongsTo('2001:db8:bad::5054:ff:fe12:3456', machine)).toBe(false);
  });
});

describe('boot URLs', () => {
  it('have IPv6 addresses in brackets and leave the standard port out', () => {
    expect(bootBaseUrl('2001:db8::1', 8480)).toBe('http://[2001:db8::1]:8480');
    expect(bootBaseUrl('10.0.0.1', 443, 'https')).toBe('https://10.0.0.1');
    expect(bootBaseUrl('10.0.0.1', 80, 'https')).toBe('https://10.0.0.1:80');
  });
});
