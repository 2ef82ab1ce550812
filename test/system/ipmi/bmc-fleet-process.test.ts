import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { systemUdp, type UdpPeer } from '../../../src/foundation/udp.ts';

const never = new AbortController().signal;
const program = join(import.meta.dirname, '../../bench/bmc-fleet.ts');

async function startFleet(...options: string[]) {
  const child = spawn(process.execPath, [program, ...options], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const [word, json = '[]'] = line.split(' ');
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  return { child, word, peers: JSON.parse(json) as UdpPeer[], exited };
}

/** Whether a presence ping is answered. */
async function answers(peer: UdpPeer): Promise<Buffer> {
  const pong = Promise.withResolvers<Buffer>();
  await using socket = await systemUdp.bind({ address: '127.0.0.1', port: 0 }, pong.resolve, never);
  await socket.send(Buffer.from('0600ff06000011be80420000', 'hex'), peer);
  return await pong.promise;
}

describe('a fleet of BMCs in a process of its own', () => {
  test('says where they are, answers there, and ends with its standard input', async () => {
    const { child, word, peers, exited } = await startFleet('--count', '20');
    expect(word).toBe('READY');
    expect(peers).toHaveLength(20);
    for (const peer of [peers[0], peers[19]]) {
      expect((await answers(peer ?? { address: '', port: 0 })).subarray(8, 10)).toEqual(Buffer.of(0x40, 0x42));
    }
    child.stdin.end();
    expect(await exited).toEqual([0, null]);
  });

  test('has an address each, and ends on SIGTERM', async () => {
    const { child, peers, exited } = await startFleet('--count', '3', '--first', '127.7.0.1', '--port', '16623');
    expect(peers.map(({ address, port }) => `${address}:${port}`)).toEqual([
      '127.7.0.1:16623',
      '127.7.0.2:16623',
      '127.7.0.3:16623',
    ]);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});
