import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lease } from '../../../src/domain/ports/netboot.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { openStore } from '../../../src/store/store.ts';

// node lease-writer.ts FOLDER until-killed|until-full always|when-busy
// Writes leases as fast as they are acknowledged, 40 at a time, and prints the address of each that was. `until-full`: until the disk
// is full; then makes room and says what became of it, as the last line, in JSON.
const [folder = '', what, thread] = process.argv.slice(2);
const parts = { clock: systemClock, entropy: systemEntropy, log: silentLog };
const options = {
  path: join(folder, 'leases.db'),
  writerThread: thread === 'always' ? 'always' : 'when-busy',
} as const;
const ballast = join(folder, 'ballast');
if (what === 'until-full') writeFileSync(ballast, Buffer.alloc(256 * 1024));
const store = await openStore(parts, options);
const written: string[] = [];
const refused: string[] = [];

let next = (await store.leases.list()).length;
async function writeOn(): Promise<void> {
  while (refused.length === 0) {
    const n = next++;
    const lease = leaseOf(n);
    try {
      await store.leases.put(lease);
      written.push(lease.address);
      if (what === 'until-killed') process.stdout.write(`${lease.address}\n`);
    } catch (error) {
      refused.push(String(error));
    }
  }
}
await Promise.all(Array.from({ length: 40 }, writeOn));

// Only who is not killed comes here.
const kept = new Set((await store.leases.list()).map(({ address }) => address));
const lost = written.filter((address) => !kept.has(address)).length;
const surplus = kept.size - written.length;
rmSync(ballast);
await store.leases.put(leaseOf(next));
const after = (await store.leases.ofAddress(leaseOf(next).address)) !== undefined;
await store.close();
process.stdout.write(
  `${JSON.stringify({ written: written.length, refused: [...new Set(refused)], lost, surplus, after })}\n`,
);

function leaseOf(n: number): Lease {
  const hex = n
    .toString(16)
    .padStart(8, '0')
    .replace(/(..)(?=.)/g, '$1:');
  return {
    address: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
    mac: `02:00:${hex}`,
    expiresAt: Number.MAX_SAFE_INTEGER,
    state: 'bound',
  };
}
