import type { Clock } from '../../foundation/clock.ts';

/** Addresses that a DHCPv6 server of others gave, as its clients ask for them within our hearing. */
export type HeardAddresses = {
  /** @param address of a network of ours, in its one spelling */
  saw(address: string, mac: string): void;
  /** The card that asked for it last, within a day. */
  macOf(address: string): string | undefined;
};

/** Beyond the time that a boot takes; who stays asks again. */
const REMEMBERED_MS = 86_400_000;
/** Only what declared machines ask for comes here, but each may ask for many. */
const MOST_REMEMBERED = 4096;

/**
 * Remembers who asked for which address. Beside another server nothing else tells whose address asks over HTTP. It is worth as much as a link-local
 * address made of a MAC: who can send such a request on the link can have that address too.
 */
export function createHeardAddresses({ clock }: { readonly clock: Clock }): HeardAddresses {
  const heard = new Map<string, { readonly mac: string; readonly until: number }>();
  return {
    saw(address, mac) {
      heard.delete(address);
      heard.set(address, { mac, until: clock.now() + REMEMBERED_MS });
      // Maps keep the order of insertion, so the first was heard longest ago.
      const [oldest] = heard.size > MOST_REMEMBERED ? heard.keys() : [];
      if (oldest !== undefined) heard.delete(oldest);
    },
    macOf(address) {
      const found = heard.get(address);
      return found !== undefined && found.until > clock.now() ? found.mac : undefined;
    },
  };
}
