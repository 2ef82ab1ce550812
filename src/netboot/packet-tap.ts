import type { UdpPeer } from '../foundation/udp.ts';

/** A datagram that a listener has received or sent, as it was on the wire. */
export type TappedPacket = {
  readonly direction: 'in' | 'out';
  readonly protocol: 'dhcp' | 'proxy' | 'tftp' | 'dhcpv6';
  /** The served interface, by its configured name. */
  readonly interface: string;
  readonly local: UdpPeer;
  readonly remote: UdpPeer;
  /** Of the machine that it is about, lower case with colons, where the listener knows. */
  readonly mac?: string;
  /** Not to be kept without copying. */
  readonly data: Buffer;
};

/** Sees every datagram of the UDP listeners; must be quick and never throw. */
export type PacketTap = { saw(packet: TappedPacket): void };

/** Both see it; nobody, where neither looks. */
export function bothTaps(one: PacketTap, other: PacketTap): PacketTap {
  if (one === noTap) return other;
  if (other === noTap) return one;
  return {
    saw(packet) {
      one.saw(packet);
      other.saw(packet);
    },
  };
}

export const noTap: PacketTap = { saw: () => undefined };
