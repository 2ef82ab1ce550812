import type { Fetched, Transferred } from './observation.ts';

/** The loader's way to the machine, by TFTP or HTTP: the transfer that is under way or was the last. Times are epoch milliseconds. */
export type Load = {
  readonly by: 'tftp' | 'http';
  readonly file: string;
  /** First and last request for this file without anything got of it. */
  readonly askedAt: number;
  readonly lastAt: number;
  readonly asks: number;
  /** The client has acknowledged something. */
  readonly answered: boolean;
  readonly blksize: number | null;
  /** Blocks acknowledged. */
  readonly blocks: number;
  /** Sent again without progress: since when, and how often. */
  readonly stalledAt: number | null;
  readonly repeats: number;
  readonly end: 'probed' | 'served' | 'aborted' | 'refused' | null;
  readonly endedAt: number | null;
  /** Of an ERROR packet. */
  readonly why: string | null;
};

/** The load after news of a transfer. News of one that was never asked for here (we have just started) begins it too. */
export function afterTransferred(load: Load | null, seen: Transferred): Load {
  const { at, what, file } = seen;
  const same = load !== null && load.by === 'tftp' && load.file === file;
  const before = same ? load : fresh('tftp', file, at);
  const now: Load = {
    ...before,
    lastAt: at,
    blksize: seen.blksize ?? before.blksize,
    blocks: Math.max(before.blocks, seen.blocks ?? 0),
  };
  switch (what) {
    case 'asked':
      return same && load.end !== 'served' ? askedAgain(load, at) : fresh('tftp', file, at);
    case 'answered':
      return { ...now, answered: true };
    case 'moved':
      return { ...now, answered: true, stalledAt: null, repeats: 0 };
    case 'repeated':
      return { ...now, stalledAt: now.stalledAt ?? at, repeats: now.repeats + 1 };
    case 'probed':
    case 'served':
    case 'aborted':
    case 'refused':
      return { ...now, end: what, endedAt: at, why: seen.why ?? null, stalledAt: null, repeats: 0 };
  }
}

/** The load after an HTTP request for a loader; the firmware does that itself. */
export function afterLoaderRequest(load: Load | null, { at, what, file, why }: Fetched): Load | null {
  const same = load !== null && load.by === 'http' && load.file === file;
  if (what === 'asked') return same && load.end === null ? askedAgain(load, at) : fresh('http', file, at);
  if (what === 'put-off') return load;
  const before = same ? load : fresh('http', file, at);
  return { ...before, lastAt: at, answered: true, end: what, endedAt: at, why: why ?? null };
}

function askedAgain(load: Load, at: number): Load {
  return { ...load, lastAt: at, asks: load.asks + 1, answered: false, end: null, endedAt: null, why: null };
}

function fresh(by: Load['by'], file: string, at: number): Load {
  return {
    ...{ by, file, askedAt: at, lastAt: at, asks: 1, answered: false, blksize: null, blocks: 0 },
    ...{ stalledAt: null, repeats: 0, end: null, endedAt: null, why: null },
  };
}
