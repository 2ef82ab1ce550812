import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Meter } from '../foundation/meter.ts';
import type { BootQuestion } from './dhcp/boot-question.ts';
import type { UnderstoodRequest } from './dhcp/understand.ts';

export type Strangers = {
  /** Takes note of a request of a machine nobody declared: counts it, and says so in the log once a minute for each address. */
  saw(request: BootQuestion, channel: 'dhcp' | 'proxy' | 'dhcpv6'): void;
};

export type StrangersParts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** Told of each request over IPv4, for the list of discovered machines. Default: nobody. */
  readonly discover?: (request: UnderstoodRequest) => void;
};

const ONE_MINUTE_MS = 60_000;
/** A segment has fewer machines; an attacker who invents addresses fills this and no more. */
const MOST_REMEMBERED = 1024;

/** Keeps a noisy or hostile segment from filling the log. */
export function createStrangers({ clock, log, meter, discover }: StrangersParts): Strangers {
  const lastSaid = new Map<string, number>();

  function sayOnce({ mac, describe }: BootQuestion, channel: string): void {
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
  }

  return {
    saw(request, channel) {
      meter.count('netboot_unknown_machine', { channel });
      if (channel !== 'dhcpv6' && isUnderstood(request)) discover?.(request);
      sayOnce(request, channel);
    },
  };
}

function isUnderstood(request: BootQuestion): request is UnderstoodRequest {
  return 'message' in request;
}
