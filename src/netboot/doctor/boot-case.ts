import type { ArmedBoot } from '../../domain/armed-boot.ts';
import { bootKindOf } from '../../domain/armed-boot.ts';
import { nextLookAt } from '../../domain/boot/diagnosis/diagnose.ts';
import { afterObservation, type BootEvidence, noEvidence } from '../../domain/boot/diagnosis/evidence.ts';
import { afterDiagnosis, type BootFinding, type FindingsChange } from '../../domain/boot/diagnosis/findings.ts';
import type { BootObservation } from '../../domain/boot/diagnosis/observation.ts';
import type { BootCapture } from '../../domain/ports/boot-captures.ts';
import type { BootAttempt } from '../../domain/ports/netboot.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { NO_ADDRESS } from '../../protocols/dhcp/ipv4.ts';
import { encodeUdpPacket } from '../../protocols/pcap/udp-packet.ts';
import type { TappedPacket } from '../packet-tap.ts';
import { textWithoutTokens, withoutTokens } from './blot.ts';
import { createPacketRing } from './packet-ring.ts';
import { createTftpWatch, type TftpWatch } from './tftp-watch.ts';

/** One attempt under watch: its evidence, its last packets, what was found. */
export type BootCase = {
  readonly attempt: BootAttempt;
  readonly evidence: BootEvidence;
  /** Something changed since it was last judged. */
  readonly unjudged: boolean;
  /** Since when something is not written, epoch ms; null when all is. */
  readonly unwrittenSince: number | null;
  observe(seen: BootObservation): void;
  /**
   * A packet of a TFTP transfer.
   * @param at when it was seen, where that was not just now
   * @returns whether it is to be kept
   */
  sawTftp(packet: Pick<TappedPacket, 'direction' | 'remote' | 'data'>, at?: number): boolean;
  /** The TFTP server counts this file's transfer as done. */
  tftpServed(at: number): void;
  /** @param own the interface's address, for what was sent from all addresses or heard as a broadcast */
  keep(packet: TappedPacket, own: string, at: number): void;
  /** Looks at the evidence; what is new is to be told. */
  judge(now: number): FindingsChange;
  /** When it is to be judged again although nothing more is seen. */
  nextLookAt(now: number): number | undefined;
  end(now: number): void;
  /** Takes in what was written of this attempt before. */
  resume(earlier: BootCapture, pcap: Buffer | undefined): void;
  /** What is to be written now; it counts as written. */
  written(): BootCapture & { readonly pcap: Buffer };
  /** It could not be written after all. */
  unwritten(now: number): void;
};

export type BootCaseLimits = {
  readonly patienceMs: number;
  readonly mostPackets: number;
  /** Bytes of one attempt's packets, asked for at each. */
  readonly mostBytes: () => number;
};

/** Of a block of a file its beginning is kept: enough to see which it is. DHCP messages are kept whole. */
const BLOCK_BYTES = 68;
/** What somebody may be waiting for is written at once. */
const LONG_AGO = 0;
/** Longer than any file name or option; a datagram may have more. */
const MESSAGE_BYTES = 1500;

export function createBootCase(
  attempt: BootAttempt,
  { patienceMs, mostPackets, mostBytes }: BootCaseLimits,
  now: () => number,
): BootCase {
  const { machineId, runId, round, token } = attempt;
  const ring = createPacketRing(mostPackets, mostBytes);
  let evidence = noEvidence({ ...expectationOf(attempt.boot), patienceMs }, attempt.createdAt);
  let findings: readonly BootFinding[] = [];
  let endedAt: number | null = null;
  let unjudged = true;
  let unwrittenSince: number | null = now();

  function changed(at: number): void {
    unjudged = true;
    unwrittenSince ??= at;
  }

  function observe(seen: BootObservation): void {
    evidence = afterObservation(evidence, seen);
    changed(seen.at);
  }

  /** Of a packet that is looked at later than it came. */
  let cameAt: number | undefined;
  const tftp: TftpWatch = createTftpWatch((seen) =>
    observe({ kind: 'tftp', at: cameAt ?? now(), ...seen, file: textWithoutTokens(seen.file, token) }),
  );

  return {
    attempt,
    get evidence() {
      return evidence;
    },
    get unjudged() {
      return unjudged;
    },
    get unwrittenSince() {
      return unwrittenSince;
    },
    observe,
    sawTftp({ direction, remote, data }, at) {
      cameAt = at;
      return tftp.packet(direction, remote.port, data);
    },
    tftpServed(at) {
      tftp.done();
      // Its blocks went by before the attempt was known.
      const { load } = evidence.pass;
      if (load?.by === 'tftp' && load.end === null && load.repeats === 0)
        observe({ kind: 'tftp', at, what: 'served', file: load.file });
    },
    keep(packet, own, at) {
      const { direction, remote } = packet;
      const data = withoutTokens(packet.data, token);
      const local = { ...packet.local, address: placed(packet.local.address, direction, own) };
      const [from, to] = direction === 'in' ? [remote, local] : [local, remote];
      try {
        const kept = packet.protocol === 'tftp' ? BLOCK_BYTES : MESSAGE_BYTES;
        const { packet: whole, originalLength } = encodeUdpPacket({ from, to, data }, kept);
        ring.push(at, whole, originalLength);
      } catch (error) {
        // Two families: an IPv4 peer on an IPv6 socket. The evidence has it all the same.
        if (!(error instanceof DecodeError)) throw error;
      }
      unwrittenSince ??= at;
    },
    judge(at) {
      unjudged = false;
      const change = afterDiagnosis(findings, evidence, at);
      findings = change.findings;
      if (change.found.length > 0 || change.over.length > 0) unwrittenSince = LONG_AGO;
      return change;
    },
    nextLookAt: (at) => nextLookAt(evidence, at),
    end(at) {
      endedAt = at;
      unwrittenSince = LONG_AGO;
    },
    resume(earlier, pcap) {
      if (earlier.evidence.version !== 1) return;
      evidence = earlier.evidence;
      findings = earlier.findings;
      if (pcap !== undefined) ring.restore(pcap);
    },
    written() {
      unwrittenSince = null;
      const key = { machineId, runId, round, armedAt: attempt.createdAt, endedAt };
      return { ...key, packets: ring.count, evidence, findings, pcap: ring.file() };
    },
    unwritten(at) {
      unwrittenSince ??= at;
    },
  };
}

function expectationOf(boot: ArmedBoot) {
  return { boot: bootKindOf(boot), initrds: 'initrds' in boot ? boot.initrds.length : 0 };
}

/** A broadcast was heard at 255.255.255.255, and what is sent leaves from the interface's own address. */
function placed(address: string, direction: 'in' | 'out', own: string): string {
  if (address === NO_ADDRESS) return own;
  return direction === 'out' && address === '255.255.255.255' ? own : address;
}
