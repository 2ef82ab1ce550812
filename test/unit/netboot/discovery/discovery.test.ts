import { describe, expect, it } from 'vitest';
import { type DiscoveredMachine, standingOf } from '../../../../src/domain/discovered-machine.ts';
import type { StrangerSightings } from '../../../../src/domain/ports/discovered-machines.ts';
import { type Log, silentLog } from '../../../../src/foundation/log.ts';
import { createMeter } from '../../../../src/foundation/meter.ts';
import { createDiscovery, type DiscoveryOptions } from '../../../../src/netboot/discovery/discovery.ts';
import { createRoster } from '../../../../src/netboot/discovery/roster.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import { strangerRequest } from '../../../support/stranger-request.ts';

const MAC = '52:54:00:00:00:99';
const flooded = (n: number): string =>
  `02:00:00:${(n >> 16).toString(16).padStart(2, '0')}:${((n >> 8) & 255).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;

function rig(options: DiscoveryOptions = {}) {
  const clock = createManualClock();
  const meter = createMeter();
  const written: (readonly StrangerSightings[])[] = [];
  let fail = false;
  const declared: string[] = [];
  const known: DiscoveredMachine[] = [];
  const discovered = {
    list: async () => known,
    async record(sightings: readonly StrangerSightings[]) {
      if (fail) throw new Error('disk full');
      written.push(sightings);
      return declared;
    },
  };
  const warned: string[] = [];
  const log: Log = { ...silentLog, warn: (_fields, text) => warned.push(text) };
  const discovery = createDiscovery({ discovered, clock, log, meter }, options);
  const saw = (mac = MAC, more: Partial<Parameters<typeof strangerRequest>[0]> = {}): void =>
    discovery.saw(strangerRequest({ mac, ...more }), 'eth0');
  return {
    ...{ clock, meter, written, warned, declared, known, discovery, saw },
    failing(now: boolean) {
      fail = now;
    },
    counts: () =>
      written.map((batch) => batch.map(({ mac, requests, boots }) => `${mac.slice(-2)} ${requests}/${boots}`)),
  };
}

describe('discovery', () => {
  it('writes a new machine within a second, and then at most every ten', async () => {
    const { clock, saw, counts, written } = rig();
    const begun = clock.now();
    saw();
    expect(written).toEqual([]);
    await clock.advance(1000);
    expect(counts()).toEqual([['99 1/1']]);
    for (let n = 0; n < 5; n++) {
      saw();
      await clock.advance(1000);
    }
    expect(counts()).toEqual([['99 1/1']]);
    await clock.advance(10_000);
    expect(counts()).toEqual([['99 1/1'], ['99 5/0']]);
    expect(written[1]?.[0]).toMatchObject({ firstSeenAt: begun + 1000, lastSeenAt: begun + 5000 });
    await clock.advance(60_000);
    saw();
    await clock.advance(2000);
    expect(counts()[2]).toEqual(['99 1/1']);
    expect(written).toHaveLength(3);
  });

  it('lists those who want to boot, or everybody, or nobody', async () => {
    const [boot, all, none] = [rig(), rig({ clients: 'all' }), rig({ clients: 'none' })];
    for (const { saw, clock } of [boot, all, none]) {
      saw(MAC, { speaker: 'system' });
      await clock.advance(1000);
    }
    expect([boot, all, none].map(({ written }) => written.length)).toEqual([0, 1, 0]);
    none.saw();
    await none.clock.advance(1000);
    expect(none.written).toEqual([]);
  });

  it('keeps what could not be written, and counts on', async () => {
    const { clock, saw, counts, failing, meter } = rig();
    failing(true);
    saw();
    await clock.advance(1000);
    expect(meter.value('netboot_discovered_unwritten')).toBe(1);
    saw();
    failing(false);
    await clock.advance(11_000);
    expect(counts()).toEqual([['99 2/1']]);
  });

  it('goes on from what was known at the start', async () => {
    const { clock, saw, known, counts, discovery } = rig();
    const facts = { uuids: [], architectures: [], client: 'pxe', loader: 'firmware', board: null } as const;
    const texts = { vendorClass: null, userClasses: [], hostname: 'box', interface: 'eth0', relay: null };
    const often = { firstSeenAt: 1, lastSeenAt: clock.now() - 1000, requests: 7, boots: 2 };
    known.push({ mac: MAC, ...facts, ...texts, askedAddress: null, ...often, ignoredAt: null });
    await discovery.load();
    saw();
    await clock.advance(1000);
    expect(counts()).toEqual([['99 1/0']]);
  });

  it('writes the rest when it closes, and takes nothing more', async () => {
    const { clock, saw, counts, discovery } = rig();
    saw();
    await clock.advance(1000);
    saw();
    await discovery.close();
    saw();
    await clock.advance(60_000);
    expect(counts()).toEqual([['99 1/1'], ['99 1/0']]);
  });

  it('forgets what was declared meanwhile', async () => {
    const { clock, saw, counts, declared } = rig();
    declared.push(MAC);
    saw();
    await clock.advance(1000);
    declared.length = 0;
    await clock.advance(1000);
    saw();
    await clock.advance(1000);
    expect(counts()).toEqual([['99 1/1'], ['99 1/1']]);
  });

  it('stays within its size in a flood, writes so many a second, and keeps who was there before', async () => {
    const { clock, saw, written, warned, meter } = rig({ maximum: 64 });
    saw();
    await clock.advance(90_000);
    saw();
    let n = 0;
    for (let second = 0; second < 5; second++) {
      for (let each = 0; each < 500; each++) saw(flooded(n++));
      await clock.advance(1000);
    }
    expect(Math.max(...written.map((batch) => batch.length))).toBeLessThanOrEqual(64);
    expect(meter.value('netboot_discovered_displaced')).toBe(2500 - 63);
    expect(warned).toEqual([expect.stringContaining('somebody invents MAC addresses')]);
    saw();
    await clock.advance(11_000);
    const mine = written.flat().filter(({ mac }) => mac === MAC);
    // Had it been pushed out, it would count as a new boot again.
    expect(mine.reduce((sum, { boots }) => sum + boots, 0)).toBe(2);
    expect(mine.reduce((sum, { requests }) => sum + requests, 0)).toBe(3);
  });
});

describe('the roster', () => {
  const once = { firstSeenAt: 0, lastSeenAt: 0, requests: 1, boots: 1 };

  it('lets the lowest standing go first, and of those the one not seen for longest', () => {
    const roster = createRoster<typeof once>(3);
    expect(roster.put('again', { ...once, boots: 2 })).toBeUndefined();
    roster.put('stayed', { ...once, lastSeenAt: 4000 });
    roster.put('a', once);
    expect(roster.put('b', once)).toBe('a');
    expect(roster.put('c', { ...once, boots: 2 })).toBe('b');
    expect(roster.put('d', once)).toBe('stayed');
    expect(roster.put('e', once)).toBe('d');
    // Who was there and is seen again takes nobody's place.
    expect(roster.put('again', { ...once, boots: 3 })).toBeUndefined();
    expect(roster.size).toBe(3);
    roster.delete('again');
    expect(roster.get('again')).toBeUndefined();
    expect(roster.size).toBe(2);
  });

  it('has three standings', () => {
    expect(standingOf(once)).toBe(0);
    expect(standingOf({ ...once, lastSeenAt: 2999, requests: 50 })).toBe(0);
    expect(standingOf({ ...once, lastSeenAt: 3000 })).toBe(1);
    expect(standingOf({ ...once, boots: 2 })).toBe(2);
  });
});
