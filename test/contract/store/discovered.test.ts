import { describe, expect, test } from 'vitest';
import type { StrangerSightings } from '../../../src/domain/ports/discovered-machines.ts';
import { NotFoundError } from '../../../src/foundation/errors.ts';
import { STORES } from './contract.ts';

const DAY = 86_400_000;
const [MAC, OTHER] = ['52:54:00:00:00:98', '52:54:00:00:00:99'] as const;
const FACTS: StrangerSightings['facts'] = {
  uuids: ['4c4c4544-0033-4a10-8052-b4c04f4d3432', '44454c4c-3300-104a-8052-b4c04f4d3432'],
  architectures: [{ value: 7, name: 'x64 UEFI' }],
  client: 'pxe',
  loader: 'firmware',
  board: null,
  vendorClass: 'PXEClient:Arch:00007:UNDI:003001',
  userClasses: [],
  hostname: null,
  interface: 'eth0',
  relay: { address: '10.9.0.1', circuitId: 'Gi1/0/7', remoteId: null },
  askedAddress: null,
};

function seen(mac: string, at: number, more: Partial<StrangerSightings> = {}): StrangerSightings {
  return { mac, facts: FACTS, firstSeenAt: at, lastSeenAt: at, requests: 1, boots: 1, ...more };
}

describe.each(STORES)('discovered machines on $name', ({ open }) => {
  test('what is seen adds up, and facts are the latest', async () => {
    await using rig = await open();
    const { discovered } = rig.store;
    const at = rig.clock.now();
    expect(await discovered.record([])).toEqual([]);
    expect(await discovered.record([seen(MAC, at), seen(OTHER.toUpperCase(), at)])).toEqual([]);
    const facts = { ...FACTS, loader: 'ipxe' } as const;
    await discovered.record([seen(MAC, at + 500, { lastSeenAt: at + 900, requests: 4, boots: 0, facts })]);
    expect(await discovered.list()).toEqual([
      { mac: MAC, ...facts, firstSeenAt: at, lastSeenAt: at + 900, requests: 5, boots: 1, ignoredAt: null },
      { mac: OTHER, ...FACTS, firstSeenAt: at, lastSeenAt: at, requests: 1, boots: 1, ignoredAt: null },
    ]);
    expect(await discovered.get(OTHER.toUpperCase())).toMatchObject({ mac: OTHER });
  });

  test('what is forgotten begins anew when it asks again', async () => {
    await using rig = await open();
    const { discovered } = rig.store;
    const at = rig.clock.now();
    await discovered.record([seen(MAC, at, { requests: 9 })]);
    await discovered.forget(MAC);
    expect(await discovered.list()).toEqual([]);
    await expect(discovered.forget(MAC)).rejects.toThrow(NotFoundError);
    await expect(discovered.get(MAC)).rejects.toThrow(NotFoundError);
    await expect(discovered.ignore(MAC, true)).rejects.toThrow(NotFoundError);
    await discovered.record([seen(MAC, at + 5000)]);
    expect(await discovered.list()).toMatchObject([{ firstSeenAt: at + 5000, requests: 1 }]);
  });

  test('a declared machine leaves the list with all its cards, does not come back, and its event says so', async () => {
    await using rig = await open();
    const { discovered, machines, timeline } = rig.store;
    const at = rig.clock.now();
    await discovered.record([seen(MAC, at), seen(OTHER, at), seen('52:54:00:00:00:97', at)]);
    const machine = await rig.machine({ macs: [MAC] });
    expect((await discovered.list()).map(({ mac }) => mac)).toEqual(['52:54:00:00:00:97', OTHER]);
    const [event] = await timeline.read(machine.id, {});
    expect(event).toMatchObject({ type: 'machine.declared', data: { discovered: [MAC] } });
    await machines.change(machine.id, { ...machine.spec, macs: [MAC, OTHER] }, 'api', 'tester');
    expect((await discovered.list()).map(({ mac }) => mac)).toEqual(['52:54:00:00:00:97']);
    expect(await discovered.record([seen(MAC, at), seen('52:54:00:00:00:96', at)])).toEqual([MAC]);
    expect((await discovered.list()).map(({ mac }) => mac)).toEqual(['52:54:00:00:00:96', '52:54:00:00:00:97']);
    await machines.remove(machine.id, 'tester');
    expect(await discovered.record([seen(MAC, at)])).toEqual([]);
  });

  test('what is not seen for thirty days leaves it, unless it is ignored', async () => {
    await using rig = await open();
    const { discovered } = rig.store;
    await discovered.record([seen(MAC, rig.clock.now()), seen(OTHER, rig.clock.now())]);
    expect(await discovered.ignore(OTHER, true)).toMatchObject({ ignoredAt: rig.clock.now() });
    await rig.clock.advance(30 * DAY);
    expect(await discovered.list()).toHaveLength(2);
    await rig.clock.advance(1);
    expect((await discovered.list()).map(({ mac }) => mac)).toEqual([OTHER]);
    await discovered.record([seen('52:54:00:00:00:97', rig.clock.now())]);
    await expect(discovered.get(MAC)).rejects.toThrow(NotFoundError);
    expect(await discovered.ignore(OTHER, false)).toMatchObject({ ignoredAt: null });
    expect((await discovered.list()).map(({ mac }) => mac)).toEqual(['52:54:00:00:00:97']);
  });

  test('it holds 1024, and who was there before is not pushed out by addresses seen once', async () => {
    await using rig = await open();
    const { discovered } = rig.store;
    const at = rig.clock.now();
    await discovered.record([
      seen(MAC, at, { boots: 2 }),
      seen(OTHER, at, { lastSeenAt: at + 4000 }),
      seen('52:54:00:00:00:97', at),
    ]);
    await discovered.ignore('52:54:00:00:00:97', true);
    const flood = Array.from({ length: 1500 }, (_, n) =>
      seen(`02:00:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`, at + n),
    );
    await discovered.record(flood);
    const macs = (await discovered.list()).map(({ mac }) => mac);
    expect(macs).toHaveLength(1025);
    expect(macs).toEqual(expect.arrayContaining([MAC, OTHER, '52:54:00:00:00:97']));
    // Of those seen once the oldest went.
    expect(macs).not.toContain(flood[477]?.mac);
    expect(macs).toContain(flood[478]?.mac);
  });

  test('tells who listens of each change', async () => {
    await using rig = await open();
    const { discovered } = rig.store;
    let heard = 0;
    const subscription = discovered.onChange(() => {
      heard += 1;
    });
    await discovered.record([seen(MAC, rig.clock.now())]);
    await discovered.ignore(MAC, true);
    await discovered.forget(MAC);
    expect(heard).toBe(3);
    subscription[Symbol.dispose]();
    await discovered.record([seen(MAC, rig.clock.now())]);
    expect(heard).toBe(3);
  });
});
