import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Meter } from '../foundation/meter.ts';

export type Strangers = {
  /** Counts a request of a machine nobody declared; says so in the log once a minute for each address. */
  saw(mac: string, channel: 'dhcp' | 'proxy' | 'dhcpv6', describe: () => string): void;
};

const ONE_MINUTE_MS = 60_000;
/** A segment has fewer machines; an attacker who invents addresses fills this and no more. */
const MOST_REMEMBERED = 1024;

/** Keeps a noisy or hostile segment from filling the log. */
export function createStrangers(parts: { readonly clock: Clock; readonly log: Log; readonly meter: Meter }): Strangers {
  const { clock, log, meter } = parts;
  const lastSaid = new Map<string, number>();
  return {
    saw(mac, channel, describe) {
      meter.count('netboot_unknown_machine', { channel });
      const now = clock.now();
      const last = lastSaid.get(mac);
      if (last !== undefined && now - last < ONE_MINUTE_MS) return;
      if (last === undefined && lastSaid.size >= MOST_REMEMBERED) {
        // Maps keep the order of insertion, so the first is the one said longest ago.
        const [oldest] = lastSaid;
        if (oldest === undefined || now - oldest[1] < ONE_MINUTE_MS) return;
        lastSaid.delete(oldest[0]);
      }
      lastSaid.delete(mac);
      lastSaid.set(mac, now);
      log.info({ mac, channel, request: describe() }, 'request of an unknown machine: declare it to boot it');
    },
  };
}
