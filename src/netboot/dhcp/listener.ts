import { DecodeError, errorText, UnreachableError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Meter } from '../../foundation/meter.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import { encodeDhcpMessage } from '../../protocols/dhcp/message.ts';
import type { Answer } from './answer-full.ts';
import { type UnderstoodRequest, understandDhcp } from './understand.ts';

export type DhcpHandlerParts = {
  readonly channel: 'dhcp' | 'proxy';
  readonly answerer: { answer(request: UnderstoodRequest): Promise<Answer | undefined> };
  /** Sends a reply; who it answers decides where. */
  send(data: Buffer, answer: Answer, request: UnderstoodRequest, from: UdpPeer): Promise<void>;
  readonly log: Log;
  readonly meter: Meter;
  /** Requests worked on at once; more are dropped and counted, clients ask again. Default 256. */
  readonly maximumPending?: number;
};

/**
 * The receive path of both DHCP ports: decode, answer, send. Nothing a remote sends ends it; what is dropped is counted
 * under `netboot_datagrams_dropped` with its reason.
 */
export function createDhcpHandler(parts: DhcpHandlerParts) {
  const { channel, answerer, send, log, meter, maximumPending = 256 } = parts;
  const pending = new Set<Promise<void>>();

  async function handle(request: UnderstoodRequest, from: UdpPeer): Promise<void> {
    try {
      const answer = await answerer.answer(request);
      if (answer === undefined) return;
      await send(encodeDhcpMessage(answer.reply), answer, request, from);
      meter.count('netboot_dhcp_replies', { channel, type: answer.type });
    } catch (error) {
      const why = error instanceof DecodeError ? 'malformed' : error instanceof UnreachableError ? 'unsent' : 'failed';
      meter.count('netboot_datagrams_dropped', { channel, why });
      const fields = { mac: request.mac, from: from.address, error: errorText(error) };
      if (why === 'malformed') log.debug(fields, 'DHCP request dropped');
      else log.error(fields, 'DHCP request could not be answered');
    }
  }

  return {
    receive(data: Buffer, from: UdpPeer): void {
      const request = understandDhcp(data);
      if (typeof request === 'string') {
        meter.count('netboot_datagrams_dropped', { channel, why: request });
        log.debug({ from: from.address, bytes: data.length, why: request }, 'DHCP datagram dropped');
        return;
      }
      if (pending.size >= maximumPending) {
        meter.count('netboot_datagrams_dropped', { channel, why: 'busy' });
        return;
      }
      const work = handle(request, from).finally(() => pending.delete(work));
      pending.add(work);
    },
    /** Settles when nothing is being worked on. */
    async idle(): Promise<void> {
      await Promise.all(pending);
    },
  };
}
