import { expect, it } from 'vitest';
import { UnreachableError } from '../../../src/foundation/errors.ts';
import { systemUdp, type UdpPeer } from '../../../src/foundation/udp.ts';
import { systemUdpLink } from '../../../src/foundation/udp-link.ts';

const never = new AbortController().signal;
const quiet = { receive: () => undefined, refused: () => undefined };

it('a link shares its port with a socket that hears everybody else', async () => {
  const others: string[] = [];
  const linked: string[] = [];
  const answers: string[] = [];
  await using peer = await systemUdp.bind({ address: '127.67.0.2', port: 0 }, (data) => answers.push(`${data}`), never);
  await using stranger = await systemUdp.bind({ address: '127.67.0.3', port: 0 }, () => undefined, never);
  await using shared = await systemUdp.bind(
    { address: '127.67.0.1', port: 0, reuseAddress: true },
    (data) => others.push(`${data}`),
    never,
  );
  await using link = await systemUdpLink(
    shared.local,
    peer.local,
    { receive: (data) => linked.push(`${data}`), refused: () => undefined },
    never,
  );
  expect(link.local).toEqual(shared.local);
  await peer.send(Buffer.from('mine'), shared.local);
  await stranger.send(Buffer.from('not mine'), shared.local);
  link.send(Buffer.from('hello'));
  await expect.poll(() => [linked, others, answers]).toEqual([['mine'], ['not mine'], ['hello']]);
});

it('says when nobody listens at the other end, and stays usable', async () => {
  let refused = 0;
  let port: UdpPeer;
  {
    await using closed = await systemUdp.bind({ address: '127.67.0.2', port: 0 }, () => undefined, never);
    port = closed.local;
  }
  const events = { receive: () => undefined, refused: () => void refused++ };
  const link = await systemUdpLink({ address: '127.67.0.1', port: 0 }, port, events, never);
  link.send(Buffer.from('x'));
  await expect.poll(() => refused).toBeGreaterThan(0);
  await link[Symbol.asyncDispose]();
  await link[Symbol.asyncDispose]();
  // Late packets of a transfer that has ended are nobody's business.
  expect(() => link.send(Buffer.from('late'))).not.toThrow();
});

it('is refused on an address that is not ours, and when aborted', async () => {
  const to = { address: '127.67.0.2', port: 9 };
  await expect(systemUdpLink({ address: '192.0.2.1', port: 0 }, to, quiet, never)).rejects.toThrow(UnreachableError);
  await expect(systemUdpLink({ address: '127.67.0.1', port: 0 }, to, quiet, AbortSignal.abort())).rejects.toThrow();
});

it('serves IPv6', async () => {
  const heard: string[] = [];
  await using peer = await systemUdp.bind({ address: '::1', port: 0 }, (data) => heard.push(`${data}`), never);
  await using link = await systemUdpLink({ address: '::1', port: 0 }, peer.local, quiet, never);
  link.send(Buffer.from('six'));
  await expect.poll(() => heard).toEqual(['six']);
});
