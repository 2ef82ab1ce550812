import type { UdpPeer } from '../../foundation/udp.ts';
import { keyOf } from './channels.ts';
import type { Sessions, TransferOrder } from './sessions.ts';

export type TransfersOptions = {
  readonly maximumTransfers: number;
  readonly maximumTransfersPerClient: number;
};

export type Transfers = {
  /**
   * Why there is no room for another transfer: `all` places are taken, or the `client` has its share; undefined where there is. A client that
   * has a transfer always has room for its next from that port.
   */
  full(client: UdpPeer): 'all' | 'client' | undefined;
  /** Starts a transfer in a place of the choice of `place`, or where that client's port has one already. */
  open(client: UdpPeer, order: TransferOrder): void;
  /** Settles when no transfer is left. */
  idle(): Promise<void>;
};

type Taken = { readonly client: UdpPeer; readonly place: Sessions; orders: number };

/**
 * The transfers under way, wherever they run: at most so many at once, and so many a client.
 * @param place where a new transfer is to run, told how many there are already
 */
export function createTransfers(place: (underWay: number) => Sessions, options: TransfersOptions): Transfers {
  const { maximumTransfers, maximumTransfersPerClient } = options;
  const taken = new Map<string, Taken>();
  const running = new Set<Promise<void>>();
  return {
    full(client) {
      if (taken.has(keyOf(client))) return undefined;
      if (taken.size >= maximumTransfers) return 'all';
      if (taken.size < maximumTransfersPerClient) return undefined;
      const own = [...taken.values()].filter((each) => each.client.address === client.address);
      return own.length >= maximumTransfersPerClient ? 'client' : undefined;
    },
    open(client, order) {
      const key = keyOf(client);
      const at = taken.get(key) ?? { client, place: place(taken.size), orders: 0 };
      taken.set(key, at);
      // Whoever has the earlier transfer of that port decides whether this is a repeat, so all its orders go there.
      at.orders += 1;
      const work = at.place.open(client, order).finally(() => {
        at.orders -= 1;
        if (at.orders === 0) taken.delete(key);
        running.delete(work);
      });
      running.add(work);
    },
    async idle() {
      await Promise.all(running);
    },
  };
}
