import type { Clock } from '../../foundation/clock.ts';
import { DecodeError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Meter } from '../../foundation/meter.ts';
import { BOOTREPLY, decodeDhcpMessage, messageTypeOf } from '../../protocols/dhcp/message.ts';
import { addressOption, textOption } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';
import type { LinuxNetwork } from '../linux-network.ts';

/** A DHCP server on our segment that is not ours. */
export type OtherServer = {
  readonly interface: string;
  /** Its option 54. */
  readonly address: string;
  /** By the ARP table; null until it is known. */
  readonly mac: string | null;
  /** An answer of its was heard, or a client chose it. */
  readonly how: 'answer' | 'choice';
  /** It gave no address, but something to boot (PXE 2.1 §2.2.3). */
  readonly proxy: boolean;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
};

export type OtherServers = {
  /** A datagram for clients was heard on this interface. */
  heard(data: Buffer): void;
  /** A client asked another server for its address. */
  chosen(server: string): void;
  list(): readonly OtherServer[];
};

export type OtherServersDeps = {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly network: Pick<LinuxNetwork, 'neighbours'>;
};

/** A segment has one or two; whoever invents more fills this and no more. */
const MOST_KEPT = 32;
/** Not said again in the log before. */
const SAY_AGAIN_MS = 3_600_000;

/**
 * Keeps which other DHCP servers are about. Beside one of them a machine may take what that one offers, and never boot
 * from us: what is known here is the first thing to look at then.
 * @param ours our own addresses, by which we may be told from others
 * @param expected another server is what the mode is made for, so it is no cause for a warning
 */
export function createOtherServers(
  deps: OtherServersDeps,
  { name, ours, expected }: { readonly name: string; readonly ours: readonly string[]; readonly expected: boolean },
): OtherServers {
  const { clock, log, meter, network } = deps;
  const known = new Map<string, OtherServer & { saidAt: number }>();

  function saw(address: string, how: OtherServer['how'], proxy: boolean): void {
    if (ours.includes(address)) return;
    const now = clock.now();
    const before = known.get(address);
    if (before === undefined && known.size >= MOST_KEPT) return;
    const silent = before !== undefined && now - before.saidAt < SAY_AGAIN_MS;
    const entry = {
      ...{ interface: name, address, how: before?.how === 'answer' ? before.how : how },
      proxy: how === 'answer' ? proxy : (before?.proxy ?? false),
      ...{ mac: before?.mac ?? null, firstSeenAt: before?.firstSeenAt ?? now, lastSeenAt: now },
      saidAt: silent ? before.saidAt : now,
    };
    known.set(address, entry);
    meter.count('netboot_other_dhcp_server', { interface: name, how });
    if (silent) return;
    tell(address).catch(() => log.debug({ address }, 'ARP table could not be read'));
  }

  async function tell(address: string): Promise<void> {
    const neighbours = await network.neighbours();
    const found = neighbours.find((each) => each.address === address && each.interface === name);
    const entry = known.get(address);
    if (entry === undefined) return;
    const told = { ...entry, mac: found?.mac ?? entry.mac };
    known.set(address, told);
    const { mac, how, proxy } = told;
    const fields = { interface: name, address, mac, how, proxy };
    if (expected || proxy) log.info(fields, 'another DHCP server is on this network');
    else log.warn(fields, 'another DHCP server answers on a network where this one should be alone');
  }

  return {
    heard(data) {
      try {
        const message = decodeDhcpMessage(data);
        const type = messageTypeOf(message);
        if (message.op !== BOOTREPLY || (type !== 'offer' && type !== 'ack' && type !== 'nak')) return;
        const server = addressOption(message.options, DHCP_OPTION.serverIdentifier);
        const boots = /^(PXE|HTTP)Client/.test(textOption(message.options, DHCP_OPTION.vendorClass) ?? '');
        if (server !== undefined) saw(server, 'answer', message.yiaddr === '0.0.0.0' && boots);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        meter.count('netboot_datagrams_dropped', { channel: 'dhcpClient', why: 'malformed' });
      }
    },
    chosen: (server) => saw(server, 'choice', false),
    list: () => [...known.values()].map(({ saidAt: _, ...server }) => server),
  };
}
