import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoaderMemory } from '../../../src/domain/ports/loader-memory.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createForgetfulLoaderMemory } from '../../../src/netboot/boot-progress.ts';
import { openStore, type Store } from '../../../src/store/store.ts';

const MAC = '52:54:00:00:00:01';
let store: Store;
beforeEach(async () => {
  store = await openStore({ clock: systemClock, entropy: systemEntropy, log: silentLog }, { path: ':memory:' });
});
afterEach(() => store.close());

describe.each<[string, () => LoaderMemory]>([
  ['in the store', () => store.loaderMemory],
  ['in memory', createForgetfulLoaderMemory],
])('which loader works, %s', (_name, make) => {
  it('is known for each card and architecture, the latest', async () => {
    const memory = make();
    expect(await memory.ofMac(MAC)).toEqual([]);
    await memory.remember({ mac: MAC, architecture: 0, loader: 'undionly.kpxe', provenAt: 1 });
    await memory.remember({ mac: MAC, architecture: 7, loader: 'ipxe.efi', provenAt: 2 });
    await memory.remember({ mac: MAC, architecture: 7, loader: 'snponly.efi', provenAt: 3 });
    await memory.remember({ mac: '02:00:00:00:00:01', architecture: 7, loader: 'ipxe.efi', provenAt: 4 });
    expect(await memory.ofMac(MAC)).toEqual([
      { mac: MAC, architecture: 0, loader: 'undionly.kpxe', provenAt: 1 },
      { mac: MAC, architecture: 7, loader: 'snponly.efi', provenAt: 3 },
    ]);
  });

  it('is forgotten card by card', async () => {
    const memory = make();
    await memory.remember({ mac: MAC, architecture: 7, loader: 'ipxe.efi', provenAt: 1 });
    await memory.remember({ mac: '02:00:00:00:00:01', architecture: 7, loader: 'ipxe.efi', provenAt: 1 });
    await memory.forget([]);
    expect(await memory.ofMac(MAC)).toHaveLength(1);
    await memory.forget([MAC]);
    expect(await memory.ofMac(MAC)).toEqual([]);
    expect(await memory.ofMac('02:00:00:00:00:01')).toHaveLength(1);
  });
});
