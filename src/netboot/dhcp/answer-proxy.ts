import type { DhcpMessage } from '../../protocols/dhcp/message.ts';
import type { Answer } from './answer-full.ts';
import type { BootDesk } from './boot-desk.ts';
import { completeReply } from './complete-reply.ts';
import { buildReply } from './reply.ts';
import type { UnderstoodRequest } from './understand.ts';

/**
 * Answers a DISCOVER beside another DHCP server: an offer without an address, which is how clients tell a proxy's offer
 * (EDK2 IS_PROXY_DHCP_OFFER: yiaddr 0 and option 60 PXEClient). It names file and server, so most clients never need port 4011,
 * which is open all the same; a UEFI HTTP boot client gets its URL in the same way (HttpBootDxe takes a proxy's offer).
 * @see PXE 2.1 §2.2.3
 */
export function createProxyAnswerer({ desk }: { readonly desk: BootDesk }, server: string) {
  return {
    async answer(request: UnderstoodRequest): Promise<Answer | undefined> {
      if (request.type === 'decline' || request.type === 'release') return undefined;
      const consultation = await desk.consult(request, request.type, 'dhcp');
      if (consultation === undefined) return undefined;
      const { boot } = consultation;
      if (boot === undefined) return undefined;
      desk.offered(consultation, 'dhcp');
      const toIpxe = request.client.loader === 'ipxe';
      return {
        type: 'offer',
        reply: completed(request, buildReply(request.message, server, { type: 'offer', boot, toIpxe })),
      };
    },
  };
}

/**
 * Answers on port 4011: always an ACK, to DHCPREQUEST and DHCPINFORM. A boot item asked for (option 43.71) goes back as
 * asked, since the client checks it (EDK2 PxeBcDhcp4Discover).
 */
export function createBootServerAnswerer({ desk }: { readonly desk: BootDesk }, server: string) {
  return {
    async answer(request: UnderstoodRequest): Promise<Answer | undefined> {
      if (request.type !== 'request' && request.type !== 'inform') return undefined;
      const consultation = await desk.consult(request, request.type, 'proxy');
      if (consultation === undefined) return undefined;
      const { boot } = consultation;
      if (boot === undefined) return undefined;
      desk.offered(consultation, 'proxy');
      const toIpxe = request.client.loader === 'ipxe';
      return {
        type: 'ack',
        reply: completed(
          request,
          buildReply(request.message, server, { type: 'ack', boot, toIpxe, echoBootItem: true }),
        ),
      };
    },
  };
}

/** A proxy's answers have no options of the operator's: those are the other server's business. */
function completed(request: UnderstoodRequest, reply: DhcpMessage): DhcpMessage {
  return completeReply(reply, request.message, { raw: [] });
}
