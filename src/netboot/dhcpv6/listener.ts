import { DecodeError, errorText, UnreachableError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Meter } from '../../foundation/meter.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import { type Dhcpv6ClientMessage, encodeDhcpv6Message } from '../../protocols/dhcpv6/message.ts';
import type { PacketTap } from '../packet-tap.ts';
import { forRelays } from './reply.ts';
import { type Dhcpv6Request, understandDhcpv6 } from './understand.ts';

export type Dhcpv6HandlerParts = {
  /** The served interface, by name. */
  readonly interface: string;
  readonly answerer: { answer(request: Dhcpv6Request, unicast: boolean): Promise<Dhcpv6ClientMessage | undefined> };
  /** Where clients and relay agents listen: 546 and 547. */
  readonly ports: { readonly client: number; readonly relay: number };
  readonly log: Log;
  readonly meter: Meter;
  readonly tap: PacketTap;
  /** Requests worked on at once; more are dropped and counted, clients ask again. Default 1024. */
  readonly maximumPending?: number;
};

/** How a datagram came in, and how its answer leaves. */
export type Dhcpv6Arrival = {
  readonly local: UdpPeer;
  /** It came to an address of ours, not to a group. */
  readonly unicast: boolean;
  send(data: Uint8Array, to: UdpPeer): Promise<void>;
};

/**
 * The receive path of port 547: decode, answer, send. Nothing a remote sends ends it; what is dropped is counted under
 * `netboot_datagrams_dropped` with its reason.
 */
export function createDhcpv6Handler(parts: Dhcpv6HandlerParts, signal: AbortSignal) {
  const { answerer, ports, log, meter, tap, maximumPending = 1024 } = parts;
  const channel = 'dhcpv6';
  const pending = new Set<Promise<void>>();
  const drop = (why: string): void => meter.count('netboot_datagrams_dropped', { channel, why });

  async function handle(request: Dhcpv6Request, from: UdpPeer, arrival: Dhcpv6Arrival): Promise<void> {
    const relayed = request.relays.length > 0;
    try {
      const answer = await answerer.answer(request, arrival.unicast && !relayed);
      if (answer === undefined) return;
      const data = encodeDhcpv6Message(forRelays(answer, request.relays));
      const remote = { address: from.address, port: relayed ? ports.relay : ports.client };
      await arrival.send(data, remote);
      saw('out', data, arrival.local, remote, request.macs[0]);
      meter.count('netboot_dhcp_replies', { channel, type: answer.type });
    } catch (error) {
      if (signal.aborted) return;
      const why = error instanceof DecodeError ? 'malformed' : error instanceof UnreachableError ? 'unsent' : 'failed';
      drop(why);
      const fields = { mac: request.macs[0], from: from.address, error: errorText(error) };
      if (why === 'malformed') log.debug(fields, 'DHCPv6 request dropped');
      else log.error(fields, 'DHCPv6 request could not be answered');
    }
  }

  function saw(direction: 'in' | 'out', data: Buffer, local: UdpPeer, remote: UdpPeer, mac?: string): void {
    const about = mac === undefined ? {} : { mac };
    tap.saw({ direction, protocol: channel, interface: parts.interface, local, remote, data, ...about });
  }

  return {
    receive(data: Buffer, from: UdpPeer, arrival: Dhcpv6Arrival): void {
      const request = understandDhcpv6(data, from.address.replace(/%.*$/, ''));
      const understood = typeof request !== 'string';
      saw('in', data, arrival.local, from, understood ? request.macs[0] : undefined);
      if (!understood) {
        drop(request);
        log.debug({ from: from.address, bytes: data.length, why: request }, 'DHCPv6 datagram dropped');
        return;
      }
      if (pending.size >= maximumPending) {
        drop('busy');
        return;
      }
      const work = handle(request, from, arrival).finally(() => pending.delete(work));
      pending.add(work);
    },
    /** Settles when nothing is being worked on. */
    async idle(): Promise<void> {
      await Promise.all(pending);
    },
  };
}
