import { DecodeError, errorText, UnreachableError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Meter } from '../../foundation/meter.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import { encodeDhcpMessage } from '../../protocols/dhcp/message.ts';
import type { PacketTap } from '../packet-tap.ts';
import type { Answer } from './answer-full.ts';
import { fitReply } from './complete-reply.ts';
import { type UnderstoodRequest, understandDhcp } from './understand.ts';

export type DhcpHandlerParts = {
  readonly channel: 'dhcp' | 'proxy';
  /** The served interface, by name. */
  readonly interface: string;
  readonly answerer: { answer(request: UnderstoodRequest, signal: AbortSignal): Promise<Answer | undefined> };
  /** Sends a reply; who it answers decides where. */
  send(data: Buffer, to: UdpPeer): Promise<void>;
  /** Where a reply goes. */
  destination(answer: Answer, request: UnderstoodRequest, from: UdpPeer): UdpPeer;
  /** Whether a request is nobody's: our own question for other servers. */
  isOurs?(mac: string): boolean;
  readonly log: Log;
  readonly meter: Meter;
  readonly tap: PacketTap;
  /** Requests worked on at once; more are dropped and counted, clients ask again. Default 4096. */
  readonly maximumPending?: number;
};

/** RFC 1542 §4.1.1: a message that went through more relays goes in a circle. */
const MOST_HOPS = 16;

/**
 * The receive path of both DHCP ports: decode, answer, send. Nothing a remote sends ends it; what is dropped is counted
 * under `netboot_datagrams_dropped` with its reason.
 * @param signal ends what answers wait for
 */
export function createDhcpHandler(parts: DhcpHandlerParts, signal: AbortSignal) {
  const { channel, answerer, send, log, meter, tap, maximumPending = 4096 } = parts;
  const pending = new Set<Promise<void>>();

  async function handle(request: UnderstoodRequest, from: UdpPeer, local: UdpPeer): Promise<void> {
    try {
      const answer = await answerer.answer(request, signal);
      if (answer === undefined) return;
      const data = encodeDhcpMessage(fitReply(answer.reply, request.message));
      const remote = parts.destination(answer, request, from);
      await send(data, remote);
      saw('out', data, local, remote, request.mac);
      meter.count('netboot_dhcp_replies', { channel, type: answer.type });
    } catch (error) {
      if (signal.aborted) return;
      const why = error instanceof DecodeError ? 'malformed' : error instanceof UnreachableError ? 'unsent' : 'failed';
      drop(why);
      const fields = { mac: request.mac, from: from.address, error: errorText(error) };
      if (why === 'malformed') log.debug(fields, 'DHCP request dropped');
      else log.error(fields, 'DHCP request could not be answered');
    }
  }

  const drop = (why: string): void => meter.count('netboot_datagrams_dropped', { channel, why });

  function saw(direction: 'in' | 'out', data: Buffer, local: UdpPeer, remote: UdpPeer, mac?: string): void {
    const about = mac === undefined ? {} : { mac };
    tap.saw({ direction, protocol: channel, interface: parts.interface, local, remote, data, ...about });
  }

  return {
    /** @param local the address and port that the socket heard it on */
    receive(data: Buffer, from: UdpPeer, local: UdpPeer): void {
      const request = understandDhcp(data);
      const understood = typeof request !== 'string';
      if (understood && parts.isOurs?.(request.mac) === true) return;
      saw('in', data, local, from, understood ? request.mac : undefined);
      if (!understood) {
        drop(request);
        log.debug({ from: from.address, bytes: data.length, why: request }, 'DHCP datagram dropped');
        return;
      }
      const surplus = request.message.hops > MOST_HOPS ? 'hops' : pending.size >= maximumPending ? 'busy' : undefined;
      if (surplus !== undefined) {
        drop(surplus);
        return;
      }
      const work = handle(request, from, local).finally(() => pending.delete(work));
      pending.add(work);
    },
    /** Settles when nothing is being worked on. */
    async idle(): Promise<void> {
      await Promise.all(pending);
    },
  };
}
