import type { BootRequest } from '../../domain/boot-policy.ts';
import type { Machine } from '../../domain/machine.ts';
import { unreachableCase } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { addressesOfIa, decodeIaNa } from '../../protocols/dhcpv6/identity-association.ts';
import { inIpv6Prefix, UNSPECIFIED_ADDRESS } from '../../protocols/dhcpv6/ipv6.ts';
import type { Dhcpv6ClientMessage } from '../../protocols/dhcpv6/message.ts';
import { DHCPV6_OPTION, dhcpv6Option, dhcpv6OptionsOf } from '../../protocols/dhcpv6/options.ts';
import type { BootDesk, Consultation } from '../dhcp/boot-desk.ts';
import type { Sightings } from '../sightings.ts';
import type { AddressPlan } from './address-plan.ts';
import { type Asked, associate, knownAmong } from './associate.ts';
import type { HeardAddresses } from './heard-addresses.ts';
import type { Ipv6Mode } from './ipv6-options.ts';
import type { Link } from './links.ts';
import { buildDhcpv6Reply, type Dhcpv6ReplyParts } from './reply.ts';
import type { Dhcpv6Request } from './understand.ts';

export type Dhcpv6AnswererDeps = {
  readonly desk: BootDesk;
  readonly plan: AddressPlan;
  readonly directory: { machineByMac(mac: string): Promise<Machine | undefined> };
  readonly sightings: Pick<Sightings, 'saw'>;
  readonly log: Log;
  readonly heard: Pick<HeardAddresses, 'saw'>;
};

export type Dhcpv6AnswererOptions = {
  readonly mode: Exclude<Ipv6Mode, 'off'>;
  readonly leaseSeconds: number;
  readonly links: readonly Link[];
  /** Our DUID, encoded. */
  readonly serverId: Buffer;
};

/** One request on its way to an answer. */
type Case = {
  readonly request: Dhcpv6Request;
  readonly machine: Machine;
  readonly mac: string;
  readonly link: Link;
  readonly asked: readonly Asked[];
};

/** With it a client waits for no other server: in mode full there is none, and firmware else waits out its first second or four. */
const HIGHEST_PREFERENCE = 255;

/**
 * Answers what clients of declared machines ask over DHCPv6, and nobody else.
 *
 * In mode `proxy` another server leases, or nobody: then there is only what to boot, to a boot client that is armed, in an Advertise without
 * addresses or in the Reply to an Information-request.
 * @see RFC 8415 §18.3
 */
export function createDhcpv6Answerer(deps: Dhcpv6AnswererDeps, options: Dhcpv6AnswererOptions) {
  const { desk, plan, directory, sightings, log, heard } = deps;
  const { mode, leaseSeconds, links, serverId } = options;

  /** @param unicast it came to our own address and not by a relay, which we told nobody to do */
  async function answer(request: Dhcpv6Request, unicast: boolean): Promise<Dhcpv6ClientMessage | undefined> {
    if (request.serverId !== undefined && !request.serverId.equals(serverId)) return otherServer(request, unicast);
    const mac = await firstKnown(request);
    const machine = await directory.machineByMac(mac);
    const link = linkOf(request);
    if (unicast) return machine === undefined ? undefined : onlyByMulticast(request);
    if (machine === undefined || link === undefined) {
      // The desk counts strangers; a known machine on a network that is not listed is told of in its own timeline.
      if (machine === undefined) await desk.consult({ ...request, mac }, 'discover', 'dhcpv6');
      else refuseNetwork(request, machine);
      return undefined;
    }
    const found: Case = { request, machine, mac, link, asked: askedOf(request) };
    return mode === 'proxy' ? bootOnly(found) : asServer(found);
  }

  /** The card whose MAC the inventory has; the likeliest one when it has none of them. */
  async function firstKnown({ macs }: Dhcpv6Request): Promise<string> {
    for (const mac of macs) if ((await directory.machineByMac(mac)) !== undefined) return mac;
    return macs[0];
  }

  /** The relay next to the client that names the link does so (RFC 8415 §13.1); without a relay it is our own. */
  function linkOf({ relays }: Dhcpv6Request): Link | undefined {
    const named = relays.findLast(({ linkAddress }) => linkAddress !== UNSPECIFIED_ADDRESS)?.linkAddress;
    if (named === undefined) return links.find(({ onLink }) => onLink);
    return links.find(({ prefix }) => inIpv6Prefix(named, prefix));
  }

  async function bootOnly(found: Case): Promise<Dhcpv6ClientMessage | undefined> {
    const { request, link } = found;
    if (request.type !== 'solicit' && request.type !== 'information-request') return undefined;
    const consultation = await consult(found, 'discover');
    if (consultation?.boot === undefined) return undefined;
    // Name servers come from who leases; in an Information-request everything comes from the one that is taken.
    const dns = request.type === 'information-request' ? dnsFor(request, link) : {};
    return reply(found, consultation, { type: request.type === 'solicit' ? 'advertise' : 'reply', ...dns });
  }

  async function asServer(found: Case): Promise<Dhcpv6ClientMessage | undefined> {
    const { request, machine, mac, link, asked } = found;
    const { type } = request;
    const address = plan.addressOf(machine, mac, link);
    const terms = { address, seconds: leaseSeconds, link };
    switch (type) {
      case 'solicit': {
        const rapidCommit = dhcpv6Option(request.message.options, DHCPV6_OPTION.rapidCommit) !== undefined;
        const associations = associate(asked, terms, 'new');
        if (rapidCommit) return granted(found, 'discover', { type: 'reply', rapidCommit, associations }, address);
        const consultation = await consult(found, 'discover');
        if (consultation === undefined) return undefined;
        const parts = { type: 'advertise', preference: HIGHEST_PREFERENCE, associations } as const;
        return reply(found, consultation, { ...parts, ...dnsFor(request, link) });
      }
      case 'request':
        return granted(found, 'request', { type: 'reply', associations: associate(asked, terms, 'new') }, address);
      case 'renew':
      case 'rebind':
        return granted(found, 'request', { type: 'reply', associations: associate(asked, terms, 'renewed') }, address);
      case 'information-request': {
        const consultation = await consult(found, 'discover');
        return consultation === undefined
          ? undefined
          : reply(found, consultation, { type: 'reply', ...dnsFor(request, link) });
      }
      case 'confirm':
        return confirm(found);
      case 'release':
        return status(request, 'released', knownAmong(asked, address));
      case 'decline':
        return decline(found, address);
      default:
        return unreachableCase(type, 'DHCPv6 message type');
    }
  }

  async function granted(
    found: Case,
    as: BootRequest['messageType'],
    parts: Dhcpv6ReplyParts,
    address: string | undefined,
  ): Promise<Dhcpv6ClientMessage | undefined> {
    const consultation = await consult(found, as);
    if (consultation === undefined) return undefined;
    const given = parts.associations?.some((each) => each.addresses.some(({ seconds }) => seconds > 0)) === true;
    if (given && address !== undefined) {
      const data = { address, leaseMs: leaseSeconds * 1000 };
      sightings.saw(found.machine.id, { type: 'lease.granted', source: 'dhcp', data });
    } else if (found.asked.length > 0) {
      ignored(found.machine, 'no-address6');
    }
    return reply(found, consultation, { ...parts, ...dnsFor(found.request, found.link) });
  }

  /** Whether the client is still where it was; nothing else is asked. @see RFC 8415 §18.3.3 */
  function confirm({ request, link, asked }: Case): Dhcpv6ClientMessage | undefined {
    const addresses = asked.flatMap((each) => each.addresses);
    if (addresses.length === 0) return undefined;
    const here = addresses.every((address) => inIpv6Prefix(address, link.prefix));
    const status = here
      ? ({ name: 'success', message: 'all addresses are on link' } as const)
      : ({ name: 'notOnLink', message: 'an address is not on this link' } as const);
    return buildDhcpv6Reply(request, serverId, { type: 'reply', status });
  }

  function decline({ request, machine, asked }: Case, address: string | undefined): Dhcpv6ClientMessage {
    const had = asked.flatMap((each) => each.addresses).filter((each) => each === address);
    for (const each of had) {
      plan.declined(each);
      const data = { protocol: 'dhcpv6', why: 'address-in-use', address: each };
      sightings.saw(machine.id, { type: 'boot.ignored', source: 'dhcp', data });
      log.warn({ machine: machine.spec.name, address: each }, 'client says its address is in use by another host');
    }
    return status(request, 'declined', knownAmong(asked, address));
  }

  function status(
    request: Dhcpv6Request,
    done: string,
    associations: Dhcpv6ReplyParts['associations'] = [],
  ): Dhcpv6ClientMessage {
    return buildDhcpv6Reply(request, serverId, {
      type: 'reply',
      status: { name: 'success', message: done },
      associations,
    });
  }

  /** @see RFC 8415 §18.4: messages to one server have to come by multicast where it has not allowed unicast */
  function onlyByMulticast(request: Dhcpv6Request): Dhcpv6ClientMessage | undefined {
    const { type } = request;
    if (type !== 'request' && type !== 'renew' && type !== 'release' && type !== 'decline') return undefined;
    return buildDhcpv6Reply(request, serverId, {
      type: 'reply',
      status: { name: 'useMulticast', message: 'send it to ff02::1:2' },
    });
  }

  function consult({ request, mac }: Case, as: BootRequest['messageType']): Promise<Consultation | undefined> {
    return desk.consult({ ...request, mac }, as, 'dhcpv6');
  }

  function reply({ request }: Case, consultation: Consultation, parts: Dhcpv6ReplyParts): Dhcpv6ClientMessage {
    const { boot } = consultation;
    desk.offered(consultation, 'dhcpv6');
    const bootUrl = boot?.kind === 'url' ? { bootUrl: boot.url } : {};
    return buildDhcpv6Reply(request, serverId, { ...parts, ...bootUrl });
  }

  function dnsFor({ requested }: Dhcpv6Request, { dns }: Link): Pick<Dhcpv6ReplyParts, 'dns'> {
    return requested.includes(DHCPV6_OPTION.dnsServers) ? { dns } : {};
  }

  /** The client took another server's advertisement, which is what happens beside one: then its address is that server's. */
  async function otherServer(request: Dhcpv6Request, unicast: boolean): Promise<undefined> {
    if (request.type !== 'request') return;
    const mac = await firstKnown(request);
    const machine = await directory.machineByMac(mac);
    if (machine === undefined) return;
    if (mode === 'full') return ignored(machine, 'other-server-chosen');
    const link = linkOf(request);
    if (unicast || link?.onLink !== true || request.relays.length > 0) return;
    for (const address of askedOf(request).flatMap(({ addresses }) => addresses))
      if (inIpv6Prefix(address, link.prefix)) heard.saw(address, mac);
  }

  function refuseNetwork({ relays }: Dhcpv6Request, machine: Machine): void {
    const link = relays.at(-1)?.linkAddress;
    log.warn({ machine: machine.spec.name, link }, 'request from a network that is not listed under ipv6.subnets');
    ignored(machine, 'unknown-subnet');
  }

  function ignored(machine: Machine, why: string): undefined {
    sightings.saw(machine.id, { type: 'boot.ignored', source: 'dhcp', data: { protocol: 'dhcpv6', why } });
  }

  return { answer };
}

function askedOf({ message }: Dhcpv6Request): readonly Asked[] {
  return dhcpv6OptionsOf(message.options, DHCPV6_OPTION.iaNa)
    .map(decodeIaNa)
    .map((ia) => ({ iaid: ia.iaid, addresses: addressesOfIa(ia).map(({ address }) => address) }));
}
