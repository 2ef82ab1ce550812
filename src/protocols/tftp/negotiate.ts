import type { TftpOptions } from './packet.ts';

/** What was agreed for one transfer. */
export type TftpTerms = {
  /** Bytes a block. */
  readonly blksize: number;
  /** Blocks sent before an ACK is awaited. */
  readonly windowsize: number;
  /** The client's retransmission time; null: the server's own. */
  readonly timeoutSeconds: number | null;
  /** The options to acknowledge, in the client's order; empty: no OACK, block 1 follows at once. */
  readonly oack: TftpOptions;
};

export type TftpLimits = {
  /** Never more than fits one unfragmented datagram. */
  readonly maximumBlksize: number;
  readonly maximumWindowsize: number;
};

export const DEFAULT_BLKSIZE = 512;

/**
 * Decides the terms of a read request. Nothing is acknowledged that was not asked for, nothing is raised, `timeout` is
 * echoed as asked: EDK2 aborts otherwise (MtftpIp4 OACK check). An option that is unknown or out of range is left out,
 * which RFC 2347 §2 defines as a refusal of that option alone.
 * @param size bytes of the file, for `tsize`
 * @param options as the client sent them; of a repeated option only the first counts (RFC 2347: not more than once)
 * @see RFC 2348 §2 blksize 8–65464; RFC 2349 §2 timeout 1–255, tsize; RFC 7440 §3 windowsize 1–65535
 */
export function negotiateTftp(options: TftpOptions, size: number, mode: string, limits: TftpLimits): TftpTerms {
  let blksize = DEFAULT_BLKSIZE;
  let windowsize = 1;
  let timeoutSeconds: number | null = null;
  const oack: { name: string; value: string }[] = [];
  const seen = new Set<string>();
  for (const { name, value } of options) {
    const key = name.toLowerCase();
    const asked = number(value);
    if (asked === undefined || seen.has(key)) continue;
    seen.add(key);
    if (key === 'blksize' && asked >= 8 && asked <= 65_464) {
      blksize = Math.min(asked, limits.maximumBlksize);
      oack.push({ name, value: String(blksize) });
    } else if (key === 'windowsize' && asked >= 1 && asked <= 65_535 && mode === 'octet') {
      windowsize = Math.min(asked, limits.maximumWindowsize);
      oack.push({ name, value: String(windowsize) });
    } else if (key === 'timeout' && asked >= 1 && asked <= 255) {
      timeoutSeconds = asked;
      oack.push({ name, value });
    } else if (key === 'tsize' && mode === 'octet') {
      oack.push({ name, value: String(size) });
    }
  }
  return { blksize, windowsize, timeoutSeconds, oack };
}

function number(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
