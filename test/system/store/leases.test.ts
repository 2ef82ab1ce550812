import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { openStore } from '../../../src/store/store.ts';

const WRITER = join(import.meta.dirname, 'lease-writer.ts');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bootwright-leases-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.each(['always', 'when-busy'])('leases in a store whose thread writes %s', (thread) => {
  test('are all there that were acknowledged before kill -9, whenever it came', { timeout: 120_000 }, async () => {
    const acknowledged: string[] = [];
    // After so many more acknowledgements each life ends: before the thread of `when-busy` has started, while it takes over, and later.
    for (const life of [1, 41, 97, 333, 1000, 2500]) {
      const child = spawn(process.execPath, [WRITER, folder, 'until-killed', thread], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      let count = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        // The last line may have been cut by the kill; what it is a part of was acknowledged all the same.
        if (/^10(\.\d+){3}$/.test(line)) acknowledged.push(line);
        count += 1;
        if (count === life) child.kill('SIGKILL');
      }
      expect((await exited)[1]).toBe('SIGKILL');
    }
    await using store = await openStore(
      { clock: systemClock, entropy: systemEntropy, log: silentLog },
      { path: join(folder, 'leases.db') },
    );
    const kept = new Set((await store.leases.list()).map(({ address }) => address));
    expect(acknowledged.length).toBeGreaterThan(3900);
    expect(acknowledged.filter((address) => !kept.has(address))).toEqual([]);
  });

  test('are refused on a full disk, none is acknowledged that is not kept, and written again when there is room', async ({
    skip,
  }) => {
    const mount = `mount -t tmpfs -o size=1m none ${folder}`;
    if (spawnSync('unshare', ['-rm', 'sh', '-c', mount]).status !== 0) skip('no file system can be mounted here');
    const run = `${mount} && exec ${process.execPath} ${WRITER} ${folder} until-full ${thread}`;
    const { stdout, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', run], { encoding: 'utf8', timeout: 60_000 });
    expect(stderr).toBe('');
    const outcome: unknown = JSON.parse(stdout);
    expect(outcome).toMatchObject({ lost: 0, surplus: 0, after: true });
    expect(outcome).toHaveProperty('refused', [expect.stringMatching(/disk is full|disk I\/O error/)]);
    expect(Number(/"written":(\d+)/.exec(stdout)?.[1])).toBeGreaterThan(100);
  });
});
