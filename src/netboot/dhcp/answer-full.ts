import type { Machine } from '../../domain/machine.ts';
import { unreachableCase } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { NO_ADDRESS } from '../../protocols/dhcp/ipv4.ts';
import type { DhcpMessage } from '../../protocols/dhcp/message.ts';
import { addressOption } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';
import { type InterfaceOptions, onNetwork } from '../options.ts';
import type { Sightings } from '../sightings.ts';
import type { BootDesk, Consultation } from './boot-desk.ts';
import { completeReply } from './complete-reply.ts';
import { judgeRequest, requestFacts } from './judge-request.ts';
import type { LeaseBook, LeaseClient } from './lease-book.ts';
import { leaseSecondsFor, waitsLonger } from './lease-terms.ts';
import type { OtherServers } from './other-servers.ts';
import { buildReply, type ReplyParts } from './reply.ts';
import { encodeRawOptions, type Origin, originOf, type Subnet } from './subnets.ts';
import type { UnderstoodRequest } from './understand.ts';

/** A finished reply and what it is, since that decides where it goes. */
export type Answer = { readonly type: ReplyParts['type']; readonly reply: DhcpMessage };

export type AnswerFullDeps = {
  readonly desk: BootDesk;
  readonly book: LeaseBook;
  readonly directory: { machineByMac(mac: string): Promise<Machine | undefined> };
  readonly sightings: Sightings;
  readonly otherServers: Pick<OtherServers, 'chosen'>;
  readonly log: Log;
};

/** One request on its way to an answer. */
type Case = {
  readonly request: UnderstoodRequest;
  readonly origin: Origin;
  readonly subnet: Subnet;
  /** Undefined: a machine that nobody declared, in a pool that is open to anyone. */
  readonly consultation: Consultation | undefined;
  readonly client: LeaseClient;
};

/**
 * Answers as the DHCP server of its machines: addresses, and what to boot where that is armed. In mode `reservations` only
 * declared addresses are given, and what another server may have given is left alone.
 */
export function createFullAnswerer(deps: AnswerFullDeps, own: InterfaceOptions, subnets: readonly Subnet[]) {
  const { desk, book, directory, sightings, otherServers, log } = deps;
  const server = own.address.address;

  /** @returns undefined when there is nobody to answer */
  async function open(request: UnderstoodRequest, type: 'discover' | 'request' | 'inform'): Promise<Case | undefined> {
    const origin = originOf(request.message, subnets);
    const consultation = await desk.consult(request, type, 'dhcp');
    const { subnet } = origin;
    if (subnet === undefined) {
      if (consultation !== undefined) refuseNetwork(request, consultation);
      return undefined;
    }
    const open = own.mode === 'full' && subnet.network.pool?.anyone === true;
    if (consultation === undefined) {
      // The policy may be silent about a declared machine as well, and then so are we.
      if (!open || (await directory.machineByMac(request.mac)) !== undefined) return undefined;
      return { request, origin, subnet, consultation, client: { mac: request.mac, pooled: true } };
    }
    const { spec } = consultation.machine;
    const reserved = spec.macs[0] === request.mac ? { reserved: spec.address } : {};
    const client = { mac: request.mac, pooled: own.mode === 'full', ...reserved };
    return { request, origin, subnet, consultation, client };
  }

  async function offer(request: UnderstoodRequest, signal: AbortSignal): Promise<Answer | undefined> {
    if (waitsLonger(request.message, own.minimumSecs ?? 0)) return undefined;
    const found = await open(request, 'discover');
    if (found === undefined) return undefined;
    const wanted = addressOption(request.message.options, DHCP_OPTION.requestedAddress);
    const address = await book.offer(found.client, found.subnet, wanted, signal);
    if (address === undefined) return noAddress(found);
    return reply(found, { type: 'offer', yiaddr: address, ...terms(found) });
  }

  async function acknowledge(request: UnderstoodRequest): Promise<Answer | undefined> {
    const facts = requestFacts(request.message);
    const origin = originOf(request.message, subnets);
    const ourNames = [server, origin.relay.serverIdentifierOverride];
    if (facts.chosen !== undefined && !ourNames.includes(facts.chosen)) {
      await lost(request, facts.chosen);
      return undefined;
    }
    const found = await open(request, 'request');
    if (found === undefined) return undefined;
    const { client, subnet, consultation } = found;
    const { wanted } = facts;
    const recorded = await book.recorded(client, subnet);
    const record = {
      recorded,
      free: wanted !== undefined && (await book.isFree(client, subnet, wanted)),
      rightNetwork: wanted !== undefined && onNetwork(wanted, subnet.network.address),
      ours: wanted !== undefined && (await book.isOurs(subnet, wanted)),
    };
    const authority = own.mode === 'full' && consultation !== undefined ? 'all' : 'own';
    const judgement = judgeRequest(facts, record, authority);
    if (judgement.kind === 'ignore') {
      log.debug({ mac: request.mac, why: judgement.why }, 'DHCP request left unanswered');
      return recorded === undefined && judgement.why === 'no-record' ? noAddress(found) : undefined;
    }
    if (judgement.kind === 'refuse') {
      log.info({ mac: request.mac, why: judgement.why }, 'DHCP request refused');
      const refusal = buildReply(request.message, server, { type: 'nak', message: judgement.why });
      return { type: 'nak', reply: completed(found, refusal, []) };
    }
    const { address } = judgement;
    const { leaseSeconds, network } = terms(found);
    // Taken by another since it was judged: the client asks again, and is judged anew.
    if (!(await book.grant(client, address, leaseSeconds))) return undefined;
    if (consultation !== undefined) {
      const data = { address, leaseMs: leaseSeconds * 1000 };
      sightings.saw(consultation.machine.id, { type: 'lease.granted', source: 'dhcp', data });
    }
    return reply(found, { type: 'ack', yiaddr: address, leaseSeconds, network });
  }

  /** The client took another server's offer, which beside another server is what may happen. */
  async function lost({ mac, message }: UnderstoodRequest, chosen: string): Promise<void> {
    if (message.giaddr === NO_ADDRESS) otherServers.chosen(chosen);
    const machine = own.mode === 'full' ? await directory.machineByMac(mac) : undefined;
    if (machine === undefined) return;
    const data = { protocol: 'dhcp', why: 'other-server-chosen', server: chosen };
    sightings.saw(machine.id, { type: 'boot.ignored', source: 'dhcp', data });
  }

  /** RFC 2131 §4.3.5: parameters, no address and no lease time. */
  async function inform(request: UnderstoodRequest): Promise<Answer | undefined> {
    if (request.message.ciaddr === NO_ADDRESS) return undefined;
    const found = await open(request, 'inform');
    if (found === undefined) return undefined;
    return reply(found, { type: 'ack', network: found.subnet.network });
  }

  const terms = ({ request, subnet }: Case) =>
    ({ leaseSeconds: leaseSecondsFor(request, subnet.network), network: subnet.network }) as const;

  function reply(found: Case, parts: ReplyParts): Answer {
    const { request, consultation, subnet } = found;
    const boot = consultation?.boot;
    const whole: ReplyParts = {
      ...parts,
      ...(boot === undefined ? {} : { boot }),
      toIpxe: consultation !== undefined && request.client.loader === 'ipxe',
    };
    if (consultation !== undefined) desk.offered(consultation, 'dhcp');
    const own = consultation?.machine.spec.dhcpOptions;
    const raw = own === undefined ? [subnet.raw] : [subnet.raw, encodeRawOptions(own)];
    return { type: parts.type, reply: completed(found, buildReply(request.message, server, whole), raw) };
  }

  function completed({ request, origin }: Case, message: DhcpMessage, raw: readonly Subnet['raw'][]): DhcpMessage {
    const { serverIdentifierOverride } = origin.relay;
    const named = serverIdentifierOverride === undefined ? {} : { serverIdentifier: serverIdentifierOverride };
    return completeReply(message, request.message, { raw, ...named });
  }

  function noAddress({ client, consultation }: Case): undefined {
    if (consultation === undefined) {
      log.debug({ mac: client.mac }, 'no address to give to an undeclared machine');
      return undefined;
    }
    const none = own.mode === 'full' ? 'pool-exhausted' : 'no-reservation';
    ignored(client.mac, consultation, client.reserved === undefined ? none : 'address-not-on-this-network');
  }

  function refuseNetwork({ mac, message }: UnderstoodRequest, consultation: Consultation): void {
    log.warn({ mac, giaddr: message.giaddr }, 'request from a network that is not listed under subnets');
    ignored(mac, consultation, 'unknown-subnet');
  }

  function ignored(mac: string, { machine }: Consultation, why: string): void {
    sightings.saw(machine.id, { type: 'boot.ignored', source: 'dhcp', data: { protocol: 'dhcp', why, mac } });
    log.warn({ mac, machine: machine.spec.name, why }, 'no address to give to a known machine');
  }

  async function release(request: UnderstoodRequest): Promise<undefined> {
    await book.release(request.mac, request.message.ciaddr);
  }

  async function decline(request: UnderstoodRequest): Promise<undefined> {
    const address = addressOption(request.message.options, DHCP_OPTION.requestedAddress);
    if (address === undefined) return;
    const setAside = await book.decline(request.mac, address);
    const machine = await directory.machineByMac(request.mac);
    if (machine !== undefined) {
      const data = { protocol: 'dhcp', why: 'address-in-use', address };
      sightings.saw(machine.id, { type: 'boot.ignored', source: 'dhcp', data });
    }
    if (machine !== undefined || setAside) {
      log.warn({ mac: request.mac, address, setAside }, 'client says its address is in use by another host');
    }
  }

  return {
    answer(request: UnderstoodRequest, signal: AbortSignal): Promise<Answer | undefined> {
      switch (request.type) {
        case 'discover':
          return offer(request, signal);
        case 'request':
          return acknowledge(request);
        case 'inform':
          return inform(request);
        case 'release':
          return release(request);
        case 'decline':
          return decline(request);
        default:
          return unreachableCase(request.type, 'DHCP message type');
      }
    },
  };
}
