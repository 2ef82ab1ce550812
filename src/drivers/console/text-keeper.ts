import type { ConsoleBatch, ConsoleText, NewConsoleChunk } from '../../domain/ports/consoles.ts';
import type { Clock } from '../../foundation/clock.ts';
import { errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';

/** Brings the text of one console to disk; nobody ever waits for it. */
export type TextWriter = {
  /** Output that came; the bytes are kept. */
  add(offset: number, bytes: Buffer): void;
  mark(offset: number, why: string): void;
  /** Stores what is left, with one try; resolves when that is over. */
  close(): Promise<void>;
};

/** Stores the text of all consoles together: a commit costs a write to disk, and a fleet that boots speaks all at once. */
export type TextKeeper = { writer(machineId: string): TextWriter };

export type TextKeeperOptions = {
  /** Text is stored at the latest so long after it came. */
  readonly flushMs: number;
  /** … or when one console has so much of it. */
  readonly batchBytes: number;
  /** Waiting text of one console while the store fails; beyond it the oldest is given up. */
  readonly waitingBytes: number;
  /** Between two tries of a store that fails. */
  readonly retryMs: number;
};

type Piece = { readonly offset: number; readonly at: number; parts: Buffer[]; length: number; lost: string | null };
type Waiting = { pieces: Piece[]; bytes: number };

/** What a mark counts against the waiting bytes. */
const MARK_COST = 100;

export function createTextKeeper(
  parts: { readonly consoleText: Pick<ConsoleText, 'append'>; readonly clock: Clock; readonly log: Log },
  options: TextKeeperOptions,
): TextKeeper {
  const { consoleText, clock, log } = parts;
  const { flushMs, batchBytes, waitingBytes, retryMs } = options;
  const consoles = new Map<string, Waiting>();
  let working = false;
  let pause: { readonly end: AbortController; readonly forMore: boolean } | undefined;
  /** Writes come one after the other, so that text of a console stays in order. */
  let turn: Promise<unknown> = Promise.resolve();
  let failing = false;

  const hasWork = (): boolean => [...consoles.values()].some(({ pieces }) => pieces.length > 0);
  const isMuch = (): boolean => [...consoles.values()].some(({ bytes }) => bytes >= batchBytes);

  const work = async (): Promise<void> => {
    while (hasWork()) {
      if (failing) await sleep(retryMs, false);
      else if (!isMuch()) await sleep(flushMs, true);
      await inTurn(storeAll);
    }
    working = false;
  };
  const start = ({ bytes }: Waiting): void => {
    if (bytes >= batchBytes && pause?.forMore === true) pause.end.abort();
    if (working) return;
    working = true;
    // Everything that fails inside is told and tried again there.
    void work();
  };
  const sleep = async (ms: number, forMore: boolean): Promise<void> => {
    pause = { end: new AbortController(), forMore };
    // An early end is not a failure: there is much, or a console is closed.
    await clock.sleep(ms, pause.end.signal).catch(() => undefined);
    pause = undefined;
  };
  const inTurn = (write: () => Promise<void>): Promise<void> => {
    const mine = turn.then(write);
    turn = mine;
    return mine;
  };

  const storeAll = async (): Promise<void> => {
    const taken = [...consoles].flatMap(([machineId, waiting]) => {
      if (waiting.pieces.length === 0) return [];
      const { pieces } = waiting;
      waiting.pieces = [];
      waiting.bytes = 0;
      return [{ machineId, pieces, batch: { machineId, chunks: pieces.map(chunkOf) } }];
    });
    if (taken.length === 0) return;
    if (await stored(taken.map(({ batch }) => batch))) {
      failing = false;
      return;
    }
    // One that cannot be stored must not keep the others from it.
    failing = true;
    for (const { machineId, pieces, batch } of taken) {
      if (taken.length > 1 && (await stored([batch]))) continue;
      const waiting = consoles.get(machineId);
      if (waiting === undefined) continue;
      waiting.pieces.unshift(...pieces);
      waiting.bytes += pieces.reduce((sum, piece) => sum + costOf(piece), 0);
      giveUpOldest(waiting);
    }
  };
  /** Repeating is harmless: what is stored already is skipped by its offset. */
  const stored = async (batches: readonly ConsoleBatch[]): Promise<boolean> => {
    try {
      await consoleText.append(batches);
      return true;
    } catch (error) {
      const fields = { machineIds: batches.map(({ machineId }) => machineId), error: errorText(error) };
      if (failing) log.debug(fields, 'console text could still not be stored');
      else log.error(fields, 'console text could not be stored; it will be tried again');
      return false;
    }
  };
  const giveUpOldest = (waiting: Waiting): void => {
    while (waiting.bytes > waitingBytes && waiting.pieces.length > 1) {
      const oldest = waiting.pieces.shift();
      waiting.bytes -= oldest === undefined ? 0 : costOf(oldest);
    }
  };

  return {
    writer(machineId) {
      const waiting: Waiting = { pieces: [], bytes: 0 };
      consoles.set(machineId, waiting);
      const put = (piece: Piece): void => {
        waiting.pieces.push(piece);
        waiting.bytes += costOf(piece);
        giveUpOldest(waiting);
        start(waiting);
      };
      return {
        add(offset, bytes) {
          const last = waiting.pieces.at(-1);
          const joins = last !== undefined && last.lost === null && last.offset + last.length === offset;
          if (!joins || last.length + bytes.length > batchBytes) {
            put({ offset, at: clock.now(), parts: [bytes], length: bytes.length, lost: null });
            return;
          }
          last.parts.push(bytes);
          last.length += bytes.length;
          waiting.bytes += bytes.length;
          start(waiting);
        },
        mark(offset, why) {
          put({ offset, at: clock.now(), parts: [], length: 0, lost: why });
        },
        async close() {
          // All of them, so that closing many costs one commit.
          await inTurn(storeAll);
          if (consoles.get(machineId) === waiting) consoles.delete(machineId);
          if (!hasWork()) pause?.end.abort();
        },
      };
    },
  };
}

function costOf({ length, lost }: Piece): number {
  return lost === null ? length : MARK_COST;
}

function chunkOf({ offset, at, parts, lost }: Piece): NewConsoleChunk {
  return { offset, at, bytes: Buffer.concat(parts), lost };
}
