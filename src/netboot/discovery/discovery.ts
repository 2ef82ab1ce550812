import { NEW_BOOT_AFTER_MS, type SeenOften, type StrangerFacts } from '../../domain/discovered-machine.ts';
import type { DiscoveredMachines, StrangerSightings } from '../../domain/ports/discovered-machines.ts';
import type { Clock } from '../../foundation/clock.ts';
import { errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Meter } from '../../foundation/meter.ts';
import type { UnderstoodRequest } from '../dhcp/understand.ts';
import { createRoster } from './roster.ts';
import { mergeStrangerFacts, strangerFactsOf } from './stranger-facts.ts';

export type DiscoveryDeps = {
  readonly discovered: Pick<DiscoveredMachines, 'list' | 'record'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
};

export type DiscoveryOptions = {
  /**
   * Whose requests are listed: `boot` of clients that want something to boot, `all` of every DHCP client (phones and laptops too),
   * `none`. Default `boot`.
   */
  readonly clients?: 'none' | 'boot' | 'all';
  /** Machines remembered at once. Default 1024. */
  readonly maximum?: number;
  /** What was seen is written after this, milliseconds; longer while the disk is slow. Default 1000. */
  readonly flushMs?: number;
  /** One machine is written this often at most, milliseconds. Default 10 000. */
  readonly rewriteMs?: number;
};

/** Keeps the list of machines that asked and that nobody declared. */
export type Discovery = {
  /** Takes note of a request; nothing waits for it. */
  saw(request: UnderstoodRequest, interfaceName: string): void;
  /** Reads what was known before; until then, everything seen is new. */
  load(): Promise<void>;
  /** Writes what is not written yet; nothing is taken note of after it. */
  close(): Promise<void>;
};

type Entry = SeenOften & {
  readonly facts: StrangerFacts;
  /** Seen since it was written last; undefined: all is written. */
  readonly news: SeenOften | undefined;
  /** By the monotonic clock; negative infinity: never. */
  readonly writtenAt: number;
};

const WARN_EVERY_MS = 600_000;
/** A transaction of so many rows takes a few milliseconds of the only writer, and the timeline waits behind it. */
const MOST_AT_ONCE = 128;

/**
 * Sightings are gathered in memory and written in batches: of any flood of invented addresses, so many a second reach the disk,
 * and the list never grows beyond its size, here and in the store.
 */
export function createDiscovery(deps: DiscoveryDeps, options: DiscoveryOptions = {}): Discovery {
  const { discovered, clock, log, meter } = deps;
  const { clients = 'boot', maximum = 1024, flushMs = 1000, rewriteMs = 10_000 } = options;
  const roster = createRoster<Entry>(maximum);
  /** In the order in which they became worth writing. */
  const dirty = new Set<string>();
  let timer: Disposable | undefined;
  let writing: Promise<unknown> | undefined;
  let closed = false;
  let warnedAt = Number.NEGATIVE_INFINITY;

  function keep(mac: string, entry: Entry): void {
    const left = roster.put(mac, entry);
    if (left === undefined) return;
    dirty.delete(left);
    meter.count('netboot_discovered_displaced');
    if (clock.elapsed() - warnedAt < WARN_EVERY_MS) return;
    warnedAt = clock.elapsed();
    log.warn(
      { machines: maximum },
      'more unknown machines ask to boot than are listed: somebody invents MAC addresses, or netboot.discovery.maximum is too small',
    );
  }

  function schedule(): void {
    if (timer !== undefined || writing !== undefined || dirty.size === 0 || closed) return;
    timer = clock.after(flushMs, () => {
      timer = undefined;
      writing = flush(false).finally(() => {
        writing = undefined;
        schedule();
      });
    });
  }

  function take(all: boolean): readonly StrangerSightings[] {
    const batch: StrangerSightings[] = [];
    for (const mac of dirty) {
      if (batch.length >= MOST_AT_ONCE) break;
      const entry = roster.get(mac);
      if (entry?.news !== undefined) {
        if (!all && clock.elapsed() - entry.writtenAt < rewriteMs) continue;
        batch.push({ mac, facts: entry.facts, ...entry.news });
        roster.replace(mac, { ...entry, news: undefined, writtenAt: clock.elapsed() });
      }
      dirty.delete(mac);
    }
    return batch;
  }

  /** @returns whether there was something to write, and it was written */
  async function flush(all: boolean): Promise<boolean> {
    const batch = take(all);
    if (batch.length === 0) return false;
    try {
      for (const mac of await discovered.record(batch)) roster.delete(mac);
      return true;
    } catch (error) {
      meter.count('netboot_discovered_unwritten');
      log.error({ machines: batch.length, error: errorText(error) }, 'discovered machines could not be written');
      for (const { mac, facts: _, ...news } of batch) {
        const entry = roster.get(mac);
        if (entry === undefined) continue;
        roster.replace(mac, { ...entry, news: entry.news === undefined ? news : together(news, entry.news) });
        dirty.add(mac);
      }
      return false;
    }
  }

  return {
    saw(request, interfaceName) {
      if (clients === 'none' || closed) return;
      const { mac } = request;
      const { client, loader } = request.client;
      const before = roster.get(mac);
      if (clients === 'boot' && client === 'other' && loader !== 'ipxe') return;
      const facts = strangerFactsOf(request, interfaceName);
      const now = clock.now();
      const boots = before === undefined || now - before.lastSeenAt >= NEW_BOOT_AFTER_MS ? 1 : 0;
      const seen = { firstSeenAt: now, lastSeenAt: now, requests: 1, boots };
      keep(mac, {
        ...(before === undefined ? seen : together(before, seen)),
        facts: before === undefined ? facts : mergeStrangerFacts(before.facts, facts),
        news: before?.news === undefined ? seen : together(before.news, seen),
        writtenAt: before?.writtenAt ?? Number.NEGATIVE_INFINITY,
      });
      dirty.add(mac);
      schedule();
    },
    async load() {
      if (clients === 'none') return;
      const known = [...(await discovered.list())].sort((a, b) => a.lastSeenAt - b.lastSeenAt);
      for (const { mac, firstSeenAt, lastSeenAt, requests, boots, ignoredAt: _, ...facts } of known.slice(-maximum)) {
        const often = { firstSeenAt, lastSeenAt, requests, boots };
        keep(mac, { ...often, facts, news: undefined, writtenAt: Number.NEGATIVE_INFINITY });
      }
    },
    async close() {
      closed = true;
      timer?.[Symbol.dispose]();
      await writing;
      while (await flush(true));
    },
  };
}

function together(earlier: SeenOften, later: SeenOften): SeenOften {
  return {
    firstSeenAt: earlier.firstSeenAt,
    lastSeenAt: later.lastSeenAt,
    requests: earlier.requests + later.requests,
    boots: earlier.boots + later.boots,
  };
}
