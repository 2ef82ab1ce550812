import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UnreachableError } from '../../../src/foundation/errors.ts';
import { systemUdp, type UdpPeer } from '../../../src/foundation/udp.ts';

const signal = new AbortController().signal;

describe('udp', () => {
  it('sends and receives on loopback, and closes', async () => {
    const { promise, resolve } = Promise.withResolvers<{ data: Buffer; from: UdpPeer }>();
    const receiver = await systemUdp.bind(
      { address: '127.0.0.1', port: 0 },
      (data, from) => resolve({ data, from }),
      signal,
    );
    const sender = await systemUdp.bind({ address: '127.0.0.1', port: 0 }, () => undefined, signal);
    await sender.send(Buffer.from('hello'), receiver.local);
    const got = await promise;
    expect(got.data.toString()).toBe('hello');
    expect(got.from).toEqual(sender.local);
    await Promise.all([receiver[Symbol.asyncDispose](), sender[Symbol.asyncDispose]()]);
    await Promise.all([receiver.closed, sender.closed]);
  });

  it('a send that is under way when the socket is closed is told so, or was sent', async () => {
    const socket = await systemUdp.bind({ address: '127.0.0.1', port: 0 }, () => undefined, signal);
    const sends = Array.from({ length: 50 }, () => socket.send(Buffer.alloc(100), { address: '127.0.0.1', port: 9 }));
    const settled = Promise.allSettled(sends);
    await socket[Symbol.asyncDispose]();
    for (const result of await settled) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(UnreachableError);
    }
  });

  it('is a member of a group on its interface for as long as it is open', async () => {
    // @see proc(5), /proc/net/igmp6: number and name of the interface, group, users
    const joined = (): boolean =>
      readFileSync('/proc/net/igmp6', 'utf8')
        .split('\n')
        .some((line) => /\blo\s+ff0200000000000000000000000169f2\s/.test(line));
    const membership = { group: 'ff02::1:69f2', interface: 'lo' };
    const binding = { address: 'ff02::1:69f2%lo', port: 0, ipv6Only: true, membership };
    expect(joined()).toBe(false);
    const socket = await systemUdp.bind(binding, () => undefined, signal);
    expect(joined()).toBe(true);
    await socket[Symbol.asyncDispose]();
    expect(joined()).toBe(false);
  });

  it('says which group cannot be joined, and keeps no socket', async () => {
    const membership = { group: 'ff02::1:2', interface: 'no-such-card0' };
    const binding = { address: '::', port: 0, ipv6Only: true, membership };
    const bound = systemUdp.bind(binding, () => undefined, signal);
    await expect(bound).rejects.toThrow(UnreachableError);
    await expect(bound).rejects.toThrow('join ff02::1:2 on no-such-card0');
  });

  it('leaves the port of IPv4 alone where it is for IPv6 only', async () => {
    await using six = await systemUdp.bind({ address: '::', port: 0, ipv6Only: true }, () => undefined, signal);
    await using four = await systemUdp.bind({ address: '0.0.0.0', port: six.local.port }, () => undefined, signal);
    expect(four.local.port).toBe(six.local.port);
  });

  it('says which address is taken', async () => {
    await using taken = await systemUdp.bind({ address: '127.0.0.1', port: 0 }, () => undefined, signal);
    const again = systemUdp.bind(taken.local, () => undefined, signal);
    await expect(again).rejects.toThrow(UnreachableError);
    await expect(again).rejects.toThrow(`bind UDP 127.0.0.1:${taken.local.port}`);
  });
});
