import { mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewEvent } from '../../../src/domain/event.ts';
import { type Log, silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { createAssetCatalog } from '../../../src/netboot/assets/catalog.ts';
import { createFileCache } from '../../../src/netboot/assets/file-cache.ts';
import { bootBaseUrl, checkBaseUrl } from '../../../src/netboot/boot-urls.ts';
import { createCoverage } from '../../../src/netboot/http/coverage.ts';
import { createSightings } from '../../../src/netboot/sightings.ts';
import { createStrangers } from '../../../src/netboot/strangers.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { memoryTimeline } from '../../support/netboot-ports.ts';
import { strangerRequest } from '../../support/stranger-request.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bw-parts-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('sightings', () => {
  const asked: NewEvent = { type: 'boot.asked', source: 'dhcp', data: { protocol: 'dhcp' }, stage: '0' };
  const offered: NewEvent = { type: 'boot.offered', source: 'dhcp', data: { file: 'x' } };

  it('writes the first at once, in order, and counts repeats into one event without a stage', async () => {
    const clock = createManualClock();
    const timeline = memoryTimeline(clock.now);
    const sightings = createSightings({ timeline, clock, log: silentLog, meter: createMeter() });
    for (const event of [asked, asked, offered, asked]) sightings.saw('m1', event);
    await sightings.settled();
    expect(timeline.types()).toEqual(['boot.asked', 'boot.offered']);
    await clock.advance(2001);
    expect(timeline.events.at(-1)).toMatchObject({ type: 'boot.asked', data: { protocol: 'dhcp', times: 2 } });
    expect(timeline.events.at(-1)).not.toHaveProperty('stage');
    sightings.saw('m1', asked);
    await sightings.settled();
    expect(timeline.events.at(-1)).toMatchObject({ stage: '0' });
  });

  it('writes what it had counted when it is closed', async () => {
    const clock = createManualClock();
    const timeline = memoryTimeline(clock.now);
    const sightings = createSightings({ timeline, clock, log: silentLog, meter: createMeter() });
    sightings.saw('m1', asked);
    sightings.saw('m1', asked);
    await sightings.close();
    expect(timeline.events.map(({ data }) => data.times)).toEqual([undefined, 1]);
    expect(clock.sleepers).toBe(0);
  });

  it('goes on when the timeline fails, and counts what is lost', async () => {
    const clock = createManualClock();
    const timeline = memoryTimeline(clock.now);
    const meter = createMeter();
    let broken = true;
    const sightings = createSightings({
      timeline: {
        ...timeline,
        append: (id, events) => (broken ? Promise.reject(new Error('disk full')) : timeline.append(id, events)),
      },
      clock,
      log: silentLog,
      meter,
    });
    sightings.saw('m1', asked);
    await sightings.settled();
    broken = false;
    sightings.saw('m1', offered);
    await sightings.settled();
    expect(timeline.types()).toEqual(['boot.offered']);
    expect(meter.value('netboot_sightings_lost', { type: 'boot.asked' })).toBe(1);
  });
});

describe('strangers', () => {
  const request = strangerRequest({ mac: '52:54:00:00:00:99' });
  const requestOf = (mac: string) => ({ ...request, mac });

  it('are counted each time and named once a minute, however many there are', () => {
    let now = 0;
    const said: string[] = [];
    const log: Log = { ...silentLog, info: (fields) => said.push(String(fields.mac)) };
    const meter = createMeter();
    const clock = { ...createManualClock(), now: () => now };
    const told: string[] = [];
    const strangers = createStrangers({ clock, log, meter, discover: ({ mac }) => told.push(mac) });
    for (const mac of ['a', 'a', 'b', 'a']) strangers.saw(requestOf(mac), 'dhcp');
    now += 60_001;
    strangers.saw(requestOf('a'), 'dhcp');
    expect(said).toEqual(['a', 'b', 'a']);
    expect(told).toEqual(['a', 'a', 'b', 'a', 'a']);
    expect(meter.value('netboot_unknown_machine', { channel: 'dhcp' })).toBe(5);
    for (let n = 0; n < 5000; n++) strangers.saw(requestOf(`flood-${n}`), 'dhcp');
    expect(said.length).toBeLessThan(1100);
  });
});

describe('asset catalogue', () => {
  const catalogOf = (folders: readonly string[]) => {
    const clock = createManualClock();
    return { clock, catalog: createAssetCatalog({ clock, log: silentLog }, { folders }) };
  };

  it('lists files by relative name, follows links inside and leaves out links that leave', async () => {
    writeFileSync(join(folder, 'k'), 'kernel');
    symlinkSync('k', join(folder, 'inside'));
    symlinkSync('/etc/passwd', join(folder, 'outside'));
    symlinkSync('/nowhere', join(folder, 'dangling'));
    const { catalog } = catalogOf([folder]);
    await catalog.scan();
    expect(catalog.size).toBe(2);
    expect(await catalog.find('inside')).toMatchObject({ bytes: 6 });
    for (const name of ['outside', 'dangling', '../k', folder, '/etc/passwd', ''])
      expect(await catalog.find(name)).toBeUndefined();
  });

  it('sees new and changed files, with a new hash', async () => {
    const { clock, catalog } = catalogOf([folder]);
    await catalog.scan();
    const path = join(folder, 'k');
    writeFileSync(path, 'one');
    expect(await catalog.find('k')).toBeUndefined();
    await clock.advance(2001);
    const first = await catalog.find('k');
    if (first === undefined) throw new Error('not found');
    const hash = await catalog.sha256(first);
    writeFileSync(path, 'two');
    utimesSync(path, 1, 1);
    const second = await catalog.find('k');
    if (second === undefined) throw new Error('not found');
    expect(await catalog.sha256(second)).not.toBe(hash);
  });

  it('refuses a folder that is not there, naming it', async () => {
    await expect(catalogOf([join(folder, 'none')]).catalog.scan()).rejects.toThrow(/asset folder .*none/);
  });
});

describe('file cache', () => {
  it('streams the first request, keeps the second, drops what nobody asks for, and stays within its limit', async () => {
    const clock = createManualClock();
    const cache = createFileCache({ clock }, { maximumBytes: 10 });
    const asset = (name: string, bytes: number) => {
      const path = join(folder, name);
      writeFileSync(path, Buffer.alloc(bytes, name));
      return { name, path, bytes, modifiedAt: 1 };
    };
    const [a, b, big] = [asset('a', 6), asset('b', 6), asset('c', 11)];
    expect(await cache.get(a)).toBeUndefined();
    expect(String(await cache.get(a))).toBe('aaaaaa');
    await cache.get(b);
    await cache.get(b);
    expect(cache.bytes).toBe(6);
    await cache.get(big);
    expect(await cache.get(big)).toBeUndefined();
    expect(await cache.get({ ...b, modifiedAt: 2 })).toBeUndefined();
    expect(cache.bytes).toBe(0);
    await cache.get(a);
    await cache.get(a);
    expect(cache.bytes).toBe(6);
    await clock.advance(60_001);
    cache.sweep();
    expect(cache.bytes).toBe(0);
  });
});

describe('coverage', () => {
  it('is complete when parts in any order make the whole', () => {
    const coverage = createCoverage();
    expect(coverage.add('k', 50, 100, 100, 1000, 1100)).toBeUndefined();
    expect(coverage.add('k', 50, 100, 100, 1200, 1300)).toBeUndefined();
    expect(coverage.add('other', 0, 50, 100, 0, 0)).toBeUndefined();
    expect(coverage.add('k', 0, 60, 100, 1400, 1500)).toBe(500);
    expect(coverage.add('k', 0, 100, 100, 2000, 2010)).toBe(10);
  });
});

describe('boot URLs', () => {
  it('leave the standard port out and must fit a DHCP header', () => {
    expect(bootBaseUrl('10.0.0.1', 80)).toBe('http://10.0.0.1');
    expect(bootBaseUrl('10.0.0.1', 8480)).toBe('http://10.0.0.1:8480');
    expect(() => checkBaseUrl(`http://${'x'.repeat(80)}`)).toThrow(/too long/);
  });
});
