import { encodeIaAddress, encodeIaNa, type IaNa } from '../../protocols/dhcpv6/identity-association.ts';
import {
  type Dhcpv6ClientMessage,
  type Dhcpv6Message,
  type Dhcpv6RelayMessage,
  encodeDhcpv6Message,
} from '../../protocols/dhcpv6/message.ts';
import {
  type Dhcpv6StatusName,
  encodeVendorClass,
  ipv6AddressesValue,
  statusOption,
} from '../../protocols/dhcpv6/option-values.ts';
import { DHCPV6_OPTION, type Dhcpv6Option, dhcpv6Option } from '../../protocols/dhcpv6/options.ts';
import type { Dhcpv6Request } from './understand.ts';

/** What becomes of one identity association. */
export type IaAnswer = {
  readonly iaid: number;
  /** For so many seconds each; 0: not to be used any more. */
  readonly addresses: readonly { readonly address: string; readonly seconds: number }[];
  readonly status?: { readonly name: Dhcpv6StatusName; readonly message: string };
};

/** What a reply says; everything else follows from the request. */
export type Dhcpv6ReplyParts = {
  readonly type: 'advertise' | 'reply';
  readonly status?: IaAnswer['status'];
  readonly associations?: readonly IaAnswer[];
  /** Of an Advertise, 0 to 255. At 255 a client waits for no other server (RFC 8415 §18.2.1). */
  readonly preference?: number;
  readonly rapidCommit?: boolean;
  readonly dns?: readonly string[];
  readonly bootUrl?: string;
};

/** Intel's, by which UEFI and PXE clients speak. @see UEFI 2.10 §24.7.3.1 */
const INTEL = 343;

/**
 * Writes a reply to a client's message.
 *
 * The boot URL (59) is never the last option where firmware reads it: EDK2 takes it for a text that ends with a NUL, which only the
 * next option's code brings (HttpBootDxe/HttpBootDhcp6.c, HttpBootParseDhcp6Packet). Option 60 is never sent: some EDK2 then drops
 * the whole offer (edk2#10114).
 */
export function buildDhcpv6Reply(
  request: Pick<Dhcpv6Request, 'message' | 'clientId' | 'client' | 'enterpriseNumber'>,
  serverId: Buffer,
  parts: Dhcpv6ReplyParts,
): Dhcpv6ClientMessage {
  const { type, status, associations = [], preference, dns = [], bootUrl } = parts;
  const options: Dhcpv6Option[] = [];
  const add = (code: number, data: Buffer): void => void options.push({ code, data });
  if (request.clientId !== undefined) add(DHCPV6_OPTION.clientIdentifier, request.clientId);
  add(DHCPV6_OPTION.serverIdentifier, serverId);
  if (status !== undefined) options.push(statusOption(status.name, status.message));
  if (bootUrl !== undefined) {
    add(DHCPV6_OPTION.bootFileUrl, Buffer.from(bootUrl, 'latin1'));
    // By this the client knows that the URL is for it.
    const enterpriseNumber = request.enterpriseNumber ?? INTEL;
    if (request.client.client === 'http')
      add(DHCPV6_OPTION.vendorClass, encodeVendorClass({ enterpriseNumber, classes: [Buffer.from('HTTPClient')] }));
  }
  for (const association of associations) add(DHCPV6_OPTION.iaNa, encodeIaNa(iaOf(association)));
  if (preference !== undefined) add(DHCPV6_OPTION.preference, Buffer.from([preference]));
  if (parts.rapidCommit === true) add(DHCPV6_OPTION.rapidCommit, Buffer.alloc(0));
  if (dns.length > 0) add(DHCPV6_OPTION.dnsServers, ipv6AddressesValue(dns));
  return { type, transactionId: request.message.transactionId, options };
}

/** T1 and T2 at half and four fifths of the shortest lifetime. @see RFC 8415 §21.4 */
function iaOf({ iaid, addresses, status }: IaAnswer): IaNa {
  const lives = addresses.map(({ seconds }) => seconds).filter((seconds) => seconds > 0);
  const shortest = lives.length === 0 ? 0 : Math.min(...lives);
  return {
    iaid,
    t1: Math.floor(shortest * 0.5),
    t2: Math.floor(shortest * 0.8),
    options: [
      ...addresses.map(({ address, seconds }) => ({
        code: DHCPV6_OPTION.iaAddress,
        data: encodeIaAddress({ address, preferredLifetime: seconds, validLifetime: seconds, options: [] }),
      })),
      ...(status === undefined ? [] : [statusOption(status.name, status.message)]),
    ],
  };
}

/**
 * Puts a reply into what each relay agent on the way back is to unpack.
 * @param relays as the request has them, the one next to us first
 * @see RFC 8415 §19.3
 */
export function forRelays(reply: Dhcpv6ClientMessage, relays: readonly Dhcpv6RelayMessage[]): Dhcpv6Message {
  return relays.reduceRight<Dhcpv6Message>((inner, relay) => {
    const { hopCount, linkAddress, peerAddress, options } = relay;
    // The relay knows the client's link by it, and it must come back (RFC 8415 §21.18).
    const interfaceId = dhcpv6Option(options, DHCPV6_OPTION.interfaceId);
    const own = interfaceId === undefined ? [] : [{ code: DHCPV6_OPTION.interfaceId, data: interfaceId }];
    const carried = { code: DHCPV6_OPTION.relayMessage, data: encodeDhcpv6Message(inner) };
    return { type: 'relay-reply', hopCount, linkAddress, peerAddress, options: [...own, carried] };
  }, reply);
}
