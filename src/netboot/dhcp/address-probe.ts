import type { Clock } from '../../foundation/clock.ts';
import { errorText, rethrowAbort } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import type { LinuxNetwork } from '../linux-network.ts';

/** Finds out who has an address on the segment. */
export type AddressProbe = {
  /** The MAC address of who has it; undefined when nobody said so in time. */
  holderOf(address: string, signal: AbortSignal): Promise<string | undefined>;
};

export type AddressProbeDeps = {
  readonly clock: Clock;
  readonly log: Log;
  readonly network: Pick<LinuxNetwork, 'neighbours'>;
  send(data: Uint8Array, to: UdpPeer): Promise<void>;
};

export type AddressProbeOptions = {
  /** For which answers are waited, milliseconds; ARP takes less than one on a segment that works. Default 150. */
  readonly waitMs?: number;
  /** Probes at once; beyond it addresses are offered unseen. Default 32. */
  readonly maximumAtOnce?: number;
};

/** The discard port (RFC 863): nobody answers there, and nobody need. */
const DISCARD_PORT = 9;

/**
 * Asks who has an address without a raw socket: a datagram for it makes the kernel ask by ARP, and whoever has it
 * answers that even when it answers no ping. A client that is short of an address does not wait long for this, and under load not
 * at all: the check is good manners, and the client makes its own (RFC 2131 §4.4.1).
 * @see RFC 2131 §3.1 point 2: servers SHOULD probe; RFC 826
 */
export function createAddressProbe(
  deps: AddressProbeDeps,
  interfaceName: string,
  options: AddressProbeOptions = {},
): AddressProbe {
  const { clock, log, network, send } = deps;
  const { waitMs = 150, maximumAtOnce = 32 } = options;
  let running = 0;
  return {
    async holderOf(address, signal) {
      if (running >= maximumAtOnce) return undefined;
      running += 1;
      try {
        await send(Buffer.alloc(0), { address, port: DISCARD_PORT });
        await clock.sleep(waitMs, signal);
        const found = (await network.neighbours()).find(
          (neighbour) => neighbour.address === address && neighbour.interface === interfaceName,
        );
        return found?.mac;
      } catch (error) {
        rethrowAbort(signal);
        log.debug({ address, error: errorText(error) }, 'address could not be probed');
        return undefined;
      } finally {
        running -= 1;
      }
    },
  };
}
