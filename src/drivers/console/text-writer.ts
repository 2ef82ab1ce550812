import type { ConsoleChunk, ConsoleText } from '../../domain/ports/consoles.ts';
import type { Clock } from '../../foundation/clock.ts';
import { errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';

/** Brings a console's text to disk in batches; nobody ever waits for it. */
export type TextWriter = {
  /** Output that came; the bytes are kept. */
  add(offset: number, bytes: Buffer): void;
  mark(offset: number, why: string): void;
  /** Stores what is left, with one more try; resolves when that is over. */
  close(): Promise<void>;
};

export type TextWriterOptions = {
  /** Text is stored at the latest so long after it came. */
  readonly flushMs: number;
  /** … or when there is so much of it. */
  readonly batchBytes: number;
  /** Waiting text while the store fails; beyond it the oldest is given up. */
  readonly waitingBytes: number;
  /** Between two tries of a store that fails. */
  readonly retryMs: number;
};

type Piece = { readonly offset: number; readonly at: number; parts: Buffer[]; length: number; lost: string | null };

/** What a mark counts against the waiting bytes. */
const MARK_COST = 100;

export function createTextWriter(
  parts: {
    readonly machineId: string;
    readonly consoleText: ConsoleText;
    readonly clock: Clock;
    readonly log: Log;
  },
  options: TextWriterOptions,
): TextWriter {
  const { machineId, consoleText, clock, log } = parts;
  const { flushMs, batchBytes, waitingBytes, retryMs } = options;
  const closing = new AbortController();
  let pending: Piece[] = [];
  let waiting = 0;
  let hurry: AbortController | undefined;
  let working: Promise<void> | undefined;

  const put = (piece: Piece, cost: number): void => {
    pending.push(piece);
    waiting += cost;
    while (waiting > waitingBytes && pending.length > 1) {
      const given = pending.shift();
      waiting -= given === undefined ? 0 : costOf(given);
    }
    start();
  };
  const start = (): void => {
    if (waiting >= batchBytes) hurry?.abort();
    // Ends by itself; whatever fails inside is logged there.
    working ??= work().finally(() => {
      working = undefined;
      if (pending.length > 0 && !closing.signal.aborted) start();
    });
  };
  const work = async (): Promise<void> => {
    while (pending.length > 0) {
      if (waiting < batchBytes) await gather();
      const batch = pending.map(chunkOf);
      pending = [];
      waiting = 0;
      for (let failures = 0; !(await stored(batch, failures)); failures++) {
        if (closing.signal.aborted) return;
        await clock.sleep(retryMs, closing.signal).catch(() => undefined);
      }
    }
  };
  /** Repeating is harmless: what is stored already is skipped by its offset. */
  const stored = async (batch: readonly Omit<ConsoleChunk, 'runId'>[], failures: number): Promise<boolean> => {
    try {
      await consoleText.append(machineId, batch);
      return true;
    } catch (error) {
      if (failures === 0) log.error({ machineId, error: errorText(error) }, 'console text could not be stored');
      return false;
    }
  };
  /** An early end of a pause, by closing or by `hurry`, is not a failure. */
  const gather = async (): Promise<void> => {
    hurry = new AbortController();
    await clock.sleep(flushMs, AbortSignal.any([hurry.signal, closing.signal])).catch(() => undefined);
    hurry = undefined;
  };

  return {
    add(offset, bytes) {
      const last = pending.at(-1);
      const joins = last !== undefined && last.lost === null && last.offset + last.length === offset;
      if (!joins || last.length + bytes.length > batchBytes) {
        put({ offset, at: clock.now(), parts: [bytes], length: bytes.length, lost: null }, bytes.length);
        return;
      }
      last.parts.push(bytes);
      last.length += bytes.length;
      waiting += bytes.length;
      start();
    },
    mark(offset, why) {
      put({ offset, at: clock.now(), parts: [], length: 0, lost: why }, MARK_COST);
    },
    async close() {
      closing.abort();
      await working;
      const batch = pending.map(chunkOf);
      pending = [];
      if (batch.length > 0) await stored(batch, 0);
    },
  };
}

function costOf({ length, lost }: Piece): number {
  return lost === null ? length : MARK_COST;
}

function chunkOf({ offset, at, parts, lost }: Piece): Omit<ConsoleChunk, 'runId'> {
  return { offset, at, bytes: Buffer.concat(parts), lost };
}
