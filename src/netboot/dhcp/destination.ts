import type { UdpPeer } from '../../foundation/udp.ts';
import { LIMITED_BROADCAST, NO_ADDRESS } from '../../protocols/dhcp/ipv4.ts';
import type { DhcpMessage } from '../../protocols/dhcp/message.ts';
import type { NetbootPorts } from '../options.ts';

/**
 * Where a reply goes: to the relay's server port, to a client that has an address, or to everyone. The last instead of
 * unicast to `yiaddr`: that needs an ARP entry which only the kernel could make.
 * @see RFC 2131 §4.1
 */
export function replyDestination(
  request: DhcpMessage,
  type: 'offer' | 'ack' | 'nak',
  ports: Pick<NetbootPorts, 'dhcp' | 'dhcpClient'>,
): UdpPeer {
  if (request.giaddr !== NO_ADDRESS) return { address: request.giaddr, port: ports.dhcp };
  if (request.ciaddr !== NO_ADDRESS && type !== 'nak') return { address: request.ciaddr, port: ports.dhcpClient };
  return { address: LIMITED_BROADCAST, port: ports.dhcpClient };
}
