import { unreachableCase } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { NO_ADDRESS } from '../../protocols/dhcp/ipv4.ts';
import type { DhcpMessage } from '../../protocols/dhcp/message.ts';
import { addressOption } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';
import type { InterfaceOptions } from '../options.ts';
import type { Sightings } from '../sightings.ts';
import type { BootDesk, Consultation } from './boot-desk.ts';
import { judgeRequest } from './judge-request.ts';
import type { LeaseBook } from './lease-book.ts';
import { buildReply, type ReplyParts } from './reply.ts';
import type { UnderstoodRequest } from './understand.ts';

/** A finished reply and what it is, since that decides where it goes. */
export type Answer = { readonly type: ReplyParts['type']; readonly reply: DhcpMessage };

export type AnswerFullDeps = {
  readonly desk: BootDesk;
  readonly book: LeaseBook;
  readonly directory: { machineByMac(mac: string): Promise<{ readonly id: string } | undefined> };
  readonly sightings: Sightings;
  readonly log: Log;
};

/** Answers as the DHCP server of its machines: addresses, and what to boot where that is armed. */
export function createFullAnswerer(deps: AnswerFullDeps, own: InterfaceOptions) {
  const { desk, book, directory, sightings, log } = deps;
  const server = own.address.address;

  async function offer(request: UnderstoodRequest): Promise<Answer | undefined> {
    const consultation = await desk.consult(request, 'discover', 'dhcp');
    if (consultation === undefined) return undefined;
    const address = await book.assign(consultation.machine, request.mac);
    if (address === undefined) return noAddress(request, consultation);
    const parts = { type: 'offer', yiaddr: address, leaseSeconds: own.leaseSeconds, network: own } as const;
    return reply(request, parts, consultation);
  }

  async function acknowledge(request: UnderstoodRequest): Promise<Answer | undefined> {
    const consultation = await desk.consult(request, 'request', 'dhcp');
    if (consultation === undefined) return undefined;
    const address = await book.assign(consultation.machine, request.mac);
    if (address === undefined) return noAddress(request, consultation);
    const judgement = judgeRequest(request.message, server, address);
    if (judgement.kind === 'ignore') return undefined;
    if (judgement.kind === 'refuse') {
      log.info({ mac: request.mac, why: judgement.why }, 'DHCP request refused');
      const refusal = buildReply(request.message, server, { type: 'nak', message: judgement.why });
      return { type: 'nak', reply: refusal };
    }
    await book.grant(request.mac, address);
    const data = { address, leaseMs: own.leaseSeconds * 1000 };
    sightings.saw(consultation.machine.id, { type: 'lease.granted', source: 'dhcp', data });
    const parts = { type: 'ack', yiaddr: address, leaseSeconds: own.leaseSeconds, network: own } as const;
    return reply(request, parts, consultation);
  }

  /** RFC 2131 §4.3.5: parameters, no address and no lease time. */
  async function inform(request: UnderstoodRequest): Promise<Answer | undefined> {
    const consultation = await desk.consult(request, 'inform', 'dhcp');
    if (consultation === undefined || request.message.ciaddr === NO_ADDRESS) return undefined;
    return reply(request, { type: 'ack', network: own }, consultation);
  }

  function reply(request: UnderstoodRequest, parts: ReplyParts, consultation: Consultation): Answer {
    const file = desk.fileOf(consultation.answer);
    const whole: ReplyParts = {
      ...parts,
      ...(file === undefined ? {} : { file }),
      toIpxe: request.client.loader === 'ipxe',
    };
    desk.offered(consultation, 'dhcp');
    return { type: parts.type, reply: buildReply(request.message, server, whole) };
  }

  function noAddress(request: UnderstoodRequest, { machine }: Consultation): undefined {
    const why = machine.spec.macs[0] === request.mac ? 'address-not-on-this-network' : 'pool-exhausted';
    const data = { protocol: 'dhcp', why, mac: request.mac };
    sightings.saw(machine.id, { type: 'boot.ignored', source: 'dhcp', data });
    log.warn({ mac: request.mac, machine: machine.spec.name, why }, 'no address to give to a known machine');
    return undefined;
  }

  async function release(request: UnderstoodRequest): Promise<undefined> {
    await book.release(request.mac, request.message.ciaddr);
  }

  async function decline(request: UnderstoodRequest): Promise<undefined> {
    const address = addressOption(request.message.options, DHCP_OPTION.requestedAddress);
    const machine = await directory.machineByMac(request.mac);
    if (address === undefined || machine === undefined) return;
    const setAside = await book.decline(request.mac, address);
    const data = { protocol: 'dhcp', why: 'address-in-use', address };
    sightings.saw(machine.id, { type: 'boot.ignored', source: 'dhcp', data });
    log.warn({ mac: request.mac, address, setAside }, 'client says its address is in use by another host');
  }

  return {
    answer(request: UnderstoodRequest): Promise<Answer | undefined> {
      switch (request.type) {
        case 'discover':
          return offer(request);
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
