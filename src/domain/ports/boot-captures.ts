import type { BootEvidence } from '../boot/diagnosis/evidence.ts';
import type { BootFinding } from '../boot/diagnosis/findings.ts';

/** Which attempt: one round of one run. */
export type AttemptKey = { readonly machineId: string; readonly runId: string; readonly round: number };

/** What was seen of one boot attempt, and what was found. Times are epoch milliseconds. */
export type BootCapture = AttemptKey & {
  readonly armedAt: number;
  /** Null while it is armed. */
  readonly endedAt: number | null;
  /** Packets kept. */
  readonly packets: number;
  readonly evidence: BootEvidence;
  readonly findings: readonly BootFinding[];
};

/** The attempts that were watched, with their last packets. They outlive the process, and other processes read them. */
export type BootCaptures = {
  /** Writes these, replacing what was there of the same attempts; the oldest of each machine and those past their time go. */
  keep(captures: readonly (BootCapture & { readonly pcap: Buffer })[]): Promise<void>;
  /** Newest first; `before` is the last of the page before. Limit 100 unless told, 1000 at most. */
  list(
    machineId: string,
    page: { readonly before?: Pick<AttemptKey, 'runId' | 'round'>; readonly limit?: number },
  ): Promise<readonly BootCapture[]>;
  find(attempt: AttemptKey): Promise<BootCapture | undefined>;
  /** The packets as a pcap file. */
  packets(attempt: AttemptKey): Promise<Buffer | undefined>;
};
