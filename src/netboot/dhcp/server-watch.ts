import type { Clock } from '../../foundation/clock.ts';
import { type Entropy, nonZeroUint32 } from '../../foundation/entropy.ts';
import { errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Udp, UdpPeer, UdpSocket } from '../../foundation/udp.ts';
import { formatMac, LIMITED_BROADCAST, NO_ADDRESS } from '../../protocols/dhcp/ipv4.ts';
import { BOOTREQUEST, BROADCAST_FLAG, encodeDhcpMessage, MESSAGE_TYPE } from '../../protocols/dhcp/message.ts';
import { u8Value } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';
import type { OtherServers } from './other-servers.ts';

export type ServerWatchDeps = {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly otherServers: Pick<OtherServers, 'heard'>;
};

export type ServerWatchOptions = {
  readonly interface: string;
  readonly mode: 'listen' | 'probe';
  readonly ports: { readonly dhcp: number; readonly dhcpClient: number };
  /** An inherited socket on the client port of this interface. */
  readonly fd?: number;
  /** Between probes, milliseconds. Default 300 000. */
  readonly everyMs?: number;
};

const EVERY_MS = 300_000;

/**
 * Looks for other DHCP servers: hears the answers that servers broadcast to clients, and asks for them now and then as a
 * client would. The question has the broadcast flag, so that answers are for everyone and need no raw socket to be heard; its MAC is
 * a random one, locally administered, the same until the next start so that no server's pool is eaten up.
 */
export function createServerWatch(deps: ServerWatchDeps, options: ServerWatchOptions) {
  const { udp, clock, entropy, log, otherServers } = deps;
  const { ports, mode, everyMs = EVERY_MS } = options;
  const hardware = Buffer.from(entropy.bytes(6));
  hardware.writeUInt8((hardware.readUInt8(0) & 0xfc) | 0x02, 0);

  /** @returns undefined where the port cannot be had: it needs a privilege that the rest of the service can do without */
  async function listen(signal: AbortSignal): Promise<UdpSocket | undefined> {
    const shared = { port: ports.dhcpClient, reuseAddress: true };
    const inherited = options.fd === undefined ? {} : { fd: options.fd };
    try {
      return await udp.bind(
        { ...shared, address: LIMITED_BROADCAST, ...inherited },
        (data) => otherServers.heard(data),
        signal,
      );
    } catch (error) {
      if (signal.aborted) throw error;
      const fields = { interface: options.interface, port: ports.dhcpClient, error: errorText(error) };
      log.info(fields, 'other DHCP servers cannot be listened for: only those that clients choose are noticed');
      return undefined;
    }
  }

  return {
    /** Whether the MAC is the one of our own questions. */
    isOurs: (mac: string): boolean => mac === formatMac(hardware),
    /** @param send sends to the segment, from the server's own socket: another client may have the client port */
    async run(send: (data: Buffer, to: UdpPeer) => Promise<void>, signal: AbortSignal): Promise<void> {
      await using socket = await listen(signal);
      if (socket === undefined) return;
      while (!signal.aborted) {
        if (mode === 'probe') {
          await send(question(entropy, hardware), { address: LIMITED_BROADCAST, port: ports.dhcp }).catch((error) =>
            log.debug({ interface: options.interface, error: errorText(error) }, 'question for others not sent'),
          );
        }
        await clock.sleep(everyMs, signal).catch(() => undefined);
      }
    },
  };
}

function question(entropy: Entropy, hardware: Buffer): Buffer {
  return encodeDhcpMessage({
    ...{ op: BOOTREQUEST, htype: 1, hlen: 6, hops: 0, xid: nonZeroUint32(entropy), secs: 0, flags: BROADCAST_FLAG },
    ...{ ciaddr: NO_ADDRESS, yiaddr: NO_ADDRESS, siaddr: NO_ADDRESS, giaddr: NO_ADDRESS },
    chaddr: Buffer.concat([hardware, Buffer.alloc(10)]),
    ...{ sname: '', file: '' },
    options: new Map([
      [DHCP_OPTION.messageType, u8Value(MESSAGE_TYPE.discover)],
      [DHCP_OPTION.parameterRequestList, Buffer.from([DHCP_OPTION.subnetMask, DHCP_OPTION.router])],
    ]),
  });
}
