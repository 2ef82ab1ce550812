import type { Clock } from '../foundation/clock.ts';
import { DecodeError, errorText } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import type { Meter } from '../foundation/meter.ts';
import type { Udp, UdpPeer } from '../foundation/udp.ts';
import { negotiateTftp } from '../protocols/tftp/negotiate.ts';
import {
  decodeTftpPacket,
  encodeTftpPacket,
  TFTP_ERROR,
  type TftpPacket,
  type TftpRequest,
} from '../protocols/tftp/packet.ts';
import type { LoaderFile } from './assets/loaders.ts';
import { type Component, createReadiness, runComponent, untilAborted } from './component.ts';
import type { Peers } from './peers.ts';
import type { Sightings } from './sightings.ts';
import { createBlockCache } from './tftp/blocks.ts';
import { findByName, type NameLookup } from './tftp/names.ts';
import { createTftpReports } from './tftp/reports.ts';
import { createSessions } from './tftp/sessions.ts';

export type TftpServerDeps = {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** What is served; nothing else is. */
  readonly files: ReadonlyMap<string, LoaderFile>;
  readonly peers: Peers;
  readonly sightings: Sightings;
};

export type TftpServerOptions = {
  /** Our own address: answers must come from the one that was asked. */
  readonly address: string;
  /** Default for firmware: 69. */
  readonly port: number;
  /** Transfers at once; further requests get an ERROR. Default 256. */
  readonly maximumTransfers?: number;
  /** Default 1468: what an Ethernet frame holds; larger blocks are fragmented and lost on real networks. */
  readonly maximumBlksize?: number;
  /** Default 64 blocks, about 94 kB in flight. */
  readonly maximumWindowsize?: number;
  /** First retransmission, milliseconds, where the client asks for none; doubled up to eight times that. Default 1000. */
  readonly retransmitMs?: number;
  /** Retransmissions without progress before a transfer ends. Default 5. */
  readonly attempts?: number;
  /** Longest life of a transfer, milliseconds. Default 300 000. */
  readonly deadlineMs?: number;
};

/** Serves the loaders over TFTP, read-only. @see RFC 1350, 2347, 2348, 2349, 7440 */
export function createTftpServer(deps: TftpServerDeps, options: TftpServerOptions): Component<UdpPeer> {
  const { udp, clock, log, meter, files, peers, sightings } = deps;
  const { maximumBlksize = 1468, maximumWindowsize = 64, maximumTransfers = 256 } = options;
  const readiness = createReadiness<UdpPeer>();
  const reports = createTftpReports({ peers, sightings, log, meter });
  const blocksOf = createBlockCache();

  async function serve(signal: AbortSignal): Promise<void> {
    const sessions = createSessions({ udp, clock, log, meter, reports }, { ...options, maximumTransfers }, signal);

    const refuse = (to: UdpPeer, code: number, message: string, name?: string): void => {
      if (name !== undefined) reports.refused(to.address, name, message);
      listening.send(encodeTftpPacket({ kind: 'error', code, message }), to).catch((error: unknown) => {
        log.debug({ to: to.address, error: errorText(error) }, 'TFTP error could not be sent');
      });
    };

    const read = (request: TftpRequest, from: UdpPeer): void => {
      const { filename, mode } = request;
      const lookup = findByName(filename, files);
      const refusal = refusalOf(lookup, mode, sessions.isFull(from));
      if (refusal !== undefined || lookup.kind !== 'found') {
        const [code, message] = refusal ?? NO_SUCH_FILE;
        refuse(from, code, message, filename);
        return;
      }
      const { file } = lookup;
      const terms = negotiateTftp(request.options, file.data.length, mode, {
        maximumBlksize,
        maximumWindowsize,
      });
      const blocks = blocksOf(file.name, mode, file.data, terms.blksize);
      sessions.open(from, { name: file.name, bytes: file.data.length, terms, blocks });
    };

    const receive = (data: Buffer, from: UdpPeer): void => {
      const packet = decode(data, from);
      if (packet === undefined || packet.kind === 'error') return;
      if (packet.kind === 'rrq') {
        read(packet, from);
      } else if (packet.kind === 'wrq') {
        refuse(from, TFTP_ERROR.accessViolation, 'files can only be read here', packet.filename);
      } else {
        refuse(from, TFTP_ERROR.illegalOperation, 'a transfer starts with a read request');
        meter.count('netboot_datagrams_dropped', { channel: 'tftp', why: 'not-a-request' });
      }
    };

    const binding = { address: options.address, port: options.port, receiveBufferBytes: 1 << 20 };
    await using listening = await udp.bind(binding, receive, signal);
    log.info({ address: options.address, port: listening.local.port }, 'TFTP is served');
    readiness.resolve(listening.local);
    await untilAborted(signal, [listening]);
    await sessions.idle();
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

type Refusal = readonly [code: number, message: string];
const NO_SUCH_FILE: Refusal = [TFTP_ERROR.fileNotFound, 'no such file'];

/** Why a read request is refused; undefined when it is not. The texts are few, since they label counters too. */
function refusalOf(lookup: NameLookup, mode: string, full: boolean): Refusal | undefined {
  if (lookup.kind === 'forbidden') return [TFTP_ERROR.accessViolation, 'that name leaves the served files'];
  if (lookup.kind === 'missing') return NO_SUCH_FILE;
  if (mode !== 'octet' && mode !== 'netascii') return [TFTP_ERROR.illegalOperation, 'mode must be octet or netascii'];
  if (full) return [TFTP_ERROR.notDefined, 'too many transfers are under way, try again'];
  return undefined;
}
