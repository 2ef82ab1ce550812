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

  it('says which address is taken', async () => {
    await using taken = await systemUdp.bind({ address: '127.0.0.1', port: 0 }, () => undefined, signal);
    const again = systemUdp.bind(taken.local, () => undefined, signal);
    await expect(again).rejects.toThrow(UnreachableError);
    await expect(again).rejects.toThrow(`bind UDP 127.0.0.1:${taken.local.port}`);
  });
});
