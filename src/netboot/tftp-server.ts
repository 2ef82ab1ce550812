import { availableParallelism } from 'node:os';
import type { Clock } from '../foundation/clock.ts';
import { BugError, DecodeError, errorText } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import type { Meter } from '../foundation/meter.ts';
import type { StartThread } from '../foundation/thread.ts';
import type { Udp, UdpPeer, UdpSocket } from '../foundation/udp.ts';
import { type OpenUdpLink, systemUdpLink } from '../foundation/udp-link.ts';
import { negotiateTftp } from '../protocols/tftp/negotiate.ts';
import {
  decodeTftpPacket,
  encodeTftpPacket,
  TFTP_ERROR,
  TFTP_OPCODE,
  type TftpPacket,
  type TftpRequest,
} from '../protocols/tftp/packet.ts';
import { type Component, createReadiness, runComponent, untilAborted } from './component.ts';
import { noTap, type PacketTap } from './packet-tap.ts';
import type { Peers } from './peers.ts';
import type { Sightings } from './sightings.ts';
import { createNetasciiTexts } from './tftp/blocks.ts';
import { createTftpStrangers, keyOf, onePort, ownPorts } from './tftp/channels.ts';
import { listedFiles, type TftpFile, type TftpFiles } from './tftp/files.ts';
import { findFile, type NameLookup } from './tftp/names.ts';
import { createTftpReports } from './tftp/reports.ts';
import { createSessions, type Sessions, type SessionsOptions } from './tftp/sessions.ts';
import { createTransferThreads } from './tftp/transfer-threads.ts';
import { createTransfers } from './tftp/transfers.ts';

export type TftpServerDeps = {
  readonly udp: Udp;
  /** How transfers get their socket. Default: the system's. */
  readonly openLink?: OpenUdpLink;
  /** How transfer threads start, which use the system's sockets and clock. Default: there are none, all runs in this thread. */
  readonly startThread?: StartThread;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** What is served, as a list or as an answer to each request; nothing else is. */
  readonly files: TftpFiles | ReadonlyMap<string, TftpFile>;
  readonly peers: Peers;
  readonly sightings: Sightings;
  /** Default: nobody looks. */
  readonly tap?: PacketTap;
};

export type TftpServerOptions = {
  /** Our own address: answers must come from the one that was asked. */
  readonly address: string;
  /** Default for firmware: 69. */
  readonly port: number;
  /** A socket that is bound there already, inherited. Default none. */
  readonly fd?: number;
  /** The served interface's name, for the packet tap. */
  readonly interface?: string;
  /**
   * Answers transfers from the port that was asked, for clients behind address translation and container services. Default
   * false: from a new port each, as RFC 1350 §4 has it and some ROMs and firewalls want it.
   */
  readonly singlePort?: boolean;
  /** Transfers at once; further requests are left unanswered, and firmware repeats them. Default 1024. */
  readonly maximumTransfers?: number;
  /** Of these, for one client address; further requests get an ERROR. Default 32: a whole rack may stand behind one translated address. */
  readonly maximumTransfersPerClient?: number;
  /**
   * Default 1468 for IPv4 and 1448 for IPv6: what an Ethernet frame holds; larger blocks are fragmented and lost on real networks.
   * 512 for ROMs that mishandle larger ones.
   */
  readonly maximumBlksize?: number;
  /** Default 64 blocks, about 94 kB in flight. */
  readonly maximumWindowsize?: number;
  /** First retransmission, milliseconds, where the client asks for none; doubled up to eight times that. Default 1000. */
  readonly retransmitMs?: number;
  /** Retransmission of a client that was seen to answer quickly, milliseconds. Default 200. */
  readonly leastRetransmitMs?: number;
  /** Retransmissions without progress before a transfer ends. Default 8: half a minute to a minute. */
  readonly attempts?: number;
  /** Longest life of a transfer, milliseconds. Default 300 000. */
  readonly deadlineMs?: number;
  /**
   * Threads that transfers run in, 0 for none. They start when a second transfer begins beside another and end after five quiet
   * minutes; otherwise, and with `singlePort`, transfers run in the main thread. Some 25 MB each. Default: 2, but none where
   * there is but one processor.
   */
  readonly threads?: number;
};

/** Larger files are no text; their translation would stop everything else for a while. */
const LARGEST_NETASCII = 16 << 20;

/** Serves files over TFTP, read-only. @see RFC 1350, 2347, 2348, 2349, 7440 */
export function createTftpServer(deps: TftpServerDeps, options: TftpServerOptions): Component<UdpPeer> {
  const { udp, openLink = systemUdpLink, clock, log, meter, peers, sightings, tap = noTap } = deps;
  const files = 'find' in deps.files ? deps.files : listedFiles(deps.files);
  const { address, maximumWindowsize = 64, maximumTransfers = 1024 } = options;
  const readiness = createReadiness<UdpPeer>();
  const reports = createTftpReports({ peers, sightings, log, meter });
  const strangers = createTftpStrangers({ log, meter });
  const netasciiOf = createNetasciiTexts();
  const { startThread } = deps;
  const { threads: threadCount = defaultThreads(), maximumTransfersPerClient = 32 } = options;
  const watch =
    tap === noTap
      ? undefined
      : (direction: 'in' | 'out', local: UdpPeer, remote: UdpPeer, data: Buffer): void =>
          tap.saw({ direction, protocol: 'tftp', interface: options.interface ?? '', local, remote, data });

  async function serve(signal: AbortSignal): Promise<void> {
    let listening: UdpSocket | undefined;
    const socket = (): UdpSocket => {
      if (listening === undefined) throw new BugError('TFTP is asked before it listens');
      return listening;
    };
    const shared = onePort({ listening: socket, log });
    const openChannel = options.singlePort ? shared.open : ownPorts({ udp, openLink, strangers, address });
    const watching = watch === undefined ? {} : { watch };
    const limits = limitsOf(options);
    const here = createSessions({ clock, log, meter, reports, openChannel, ...watching }, limits, signal);
    await using threads =
      startThread === undefined || options.singlePort || threadCount === 0
        ? undefined
        : createTransferThreads(
            { startThread, clock, log, meter, reports, ...watching },
            { ...limits, address, threads: threadCount },
            signal,
          );
    const place = (underWay: number): Sessions => threads?.choose(underWay) ?? here;
    const sessions = createTransfers(place, { maximumTransfers, maximumTransfersPerClient });
    /** Requests whose file is being looked up. */
    const pending = new Map<string, Promise<void>>();

    const refuse = (to: UdpPeer, [code, message]: Refusal, name?: string): void => {
      if (name !== undefined) reports.refused(to.address, name, message);
      const packet = encodeTftpPacket({ kind: 'error', code, message });
      watch?.('out', socket().local, to, packet);
      socket()
        .send(packet, to)
        .catch((error: unknown) => {
          log.debug({ to: to.address, error: errorText(error) }, 'TFTP error could not be sent');
        });
    };

    /** Firmware repeats a request that is not answered for half a minute and more; an ERROR would end its boot. */
    const putOff = ({ address }: UdpPeer, filename: string): void => {
      meter.count('netboot_tftp_put_off');
      log.debug({ address, filename, maximumTransfers }, 'all TFTP transfers are taken: a request is left unanswered');
    };

    const read = async (request: TftpRequest, from: UdpPeer): Promise<void> => {
      const { filename, mode } = request;
      const lookup = await lookUp(filename, from);
      if (signal.aborted) return;
      if (lookup === undefined) return refuse(from, NOT_NOW, filename);
      const refusal = refusalOf(lookup, mode);
      if (refusal !== undefined || lookup.kind !== 'found') {
        refuse(from, refusal ?? NO_SUCH_FILE, filename);
        return;
      }
      const full = sessions.full(from);
      if (full === 'all') return putOff(from, filename);
      if (full === 'client') return refuse(from, TOO_MANY, filename);
      const { name, data } = lookup.file;
      const content = mode === 'netascii' ? netasciiOf(data) : data;
      const { maximumBlksize = from.address.includes(':') ? 1448 : 1468 } = options;
      const terms = negotiateTftp(request.options, data.length, mode, { maximumBlksize, maximumWindowsize });
      sessions.open(from, { name, bytes: data.length, terms, content });
    };

    const receiveRead = (request: TftpRequest, from: UdpPeer): void => {
      const key = `${keyOf(from)} ${request.filename}`;
      if (pending.has(key)) return;
      if (pending.size >= maximumTransfers) {
        putOff(from, request.filename);
        return;
      }
      pending.set(
        key,
        read(request, from).finally(() => pending.delete(key)),
      );
    };

    const receive = (data: Buffer, from: UdpPeer): void => {
      if (!isRequest(data) && shared.deliver(data, from)) return;
      watch?.('in', socket().local, from, data);
      const packet = decode(data, from);
      if (packet === undefined || packet.kind === 'error') return;
      if (packet.kind === 'rrq') {
        receiveRead(packet, from);
      } else if (packet.kind === 'wrq') {
        refuse(from, [TFTP_ERROR.accessViolation, 'files can only be read here'], packet.filename);
      } else if (options.singlePort) {
        strangers.tellOff(socket(), data, from);
      } else {
        refuse(from, [TFTP_ERROR.illegalOperation, 'a transfer starts with a read request']);
        meter.count('netboot_datagrams_dropped', { channel: 'tftp', why: 'not-a-request' });
      }
    };

    const binding = { address, port: options.port, receiveBufferBytes: 1 << 20 };
    await using bound = await udp.bind(
      options.fd === undefined ? binding : { ...binding, fd: options.fd },
      receive,
      signal,
    );
    listening = bound;
    log.info({ address, port: bound.local.port }, 'TFTP is served');
    readiness.resolve(bound.local);
    await untilAborted(signal, [bound]);
    await Promise.all(pending.values());
    await sessions.idle();
  }

  /** Undefined when the file could not be made or read just now. */
  async function lookUp(filename: string, from: UdpPeer): Promise<NameLookup | undefined> {
    try {
      return await findFile(filename, files, from);
    } catch (error) {
      log.error({ from: from.address, filename, error: errorText(error) }, 'TFTP file could not be looked up');
      return undefined;
    }
  }

  function decode(data: Buffer, from: UdpPeer): TftpPacket | undefined {
    try {
      return decodeTftpPacket(data);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      meter.count('netboot_datagrams_dropped', { channel: 'tftp', why: 'malformed' });
      log.debug({ from: from.address, bytes: data.length, error: error.message }, 'TFTP datagram dropped');
      return undefined;
    }
  }

  return { ready: readiness.ready, run: (signal) => runComponent(readiness, signal, () => serve(signal)) };
}

function limitsOf(options: TftpServerOptions): SessionsOptions {
  const { retransmitMs = 1000, attempts = 8, deadlineMs = 300_000 } = options;
  const { leastRetransmitMs = Math.min(200, retransmitMs) } = options;
  return { retransmitMs, leastRetransmitMs, attempts, deadlineMs };
}

function defaultThreads(): number {
  return availableParallelism() === 1 ? 0 : 2;
}

function isRequest(data: Buffer): boolean {
  return data[0] === 0 && (data[1] === TFTP_OPCODE.rrq || data[1] === TFTP_OPCODE.wrq);
}

type Refusal = readonly [code: number, message: string];
const NO_SUCH_FILE: Refusal = [TFTP_ERROR.fileNotFound, 'no such file'];
const TOO_MANY: Refusal = [TFTP_ERROR.notDefined, 'too many transfers of yours are under way'];
const NOT_NOW: Refusal = [TFTP_ERROR.notDefined, 'the file cannot be had now, try again'];

/** Why a read request is refused; undefined when it is not. The texts are few, since they label counters too. */
function refusalOf(lookup: NameLookup, mode: string): Refusal | undefined {
  if (lookup.kind === 'forbidden') return [TFTP_ERROR.accessViolation, 'that name leaves the served files'];
  if (mode !== 'octet' && mode !== 'netascii') return [TFTP_ERROR.illegalOperation, 'mode must be octet or netascii'];
  if (lookup.kind === 'missing') return NO_SUCH_FILE;
  if (mode === 'netascii' && lookup.file.data.length > LARGEST_NETASCII)
    return [TFTP_ERROR.illegalOperation, 'files of that size are served in mode octet only'];
  return undefined;
}
