import { stripVTControlCharacters } from 'node:util';
import type { ConsoleChunk, ConsoleMatch } from '../domain/ports/consoles.ts';

/** A "line" without an end, as a screen of a firmware set-up may be, is looked at in pieces of this many bytes. */
const LONGEST_LINE = 8192;
/** What is shown of a line. */
const LONGEST_SHOWN = 500;

const LF = 0x0a;
const CR = 0x0d;
/** Cursor addressing (CUP, HVP): what follows stands in another line. @see ECMA-48 §8.3.21, §8.3.63 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what is looked for
const CURSOR_POSITION = /\x1b\[[0-9;]*[Hf]/g;

/** Looks for a text in lines that come in chunks, wherever the chunks were cut. */
export type LineSearch = {
  /** Whether as many lines as asked for are found. */
  readonly full: boolean;
  add(chunk: ConsoleChunk): void;
  /** Looks at the last line, which may have no end, and tells what was found. */
  finish(): readonly ConsoleMatch[];
};

type Origin = Pick<ConsoleChunk, 'offset' | 'at' | 'runId'>;

export function createLineSearch(text: string, limit: number): LineSearch {
  const wanted = text.toLowerCase();
  const found: ConsoleMatch[] = [];
  let parts: Buffer[] = [];
  let length = 0;
  let origin: Origin | undefined;

  const endLine = (): void => {
    if (origin !== undefined && length > 0) lookAt(Buffer.concat(parts), origin);
    parts = [];
    length = 0;
    origin = undefined;
  };
  const lookAt = (line: Buffer, { offset, at, runId }: Origin): void => {
    for (const [start, end] of segmentsOf(line)) {
      const plain = plainText(line.subarray(start, end));
      const index = plain.toLowerCase().indexOf(wanted);
      if (index < 0 || found.length >= limit) continue;
      found.push({ offset: offset + start, at, runId, line: around(plain, index) });
    }
  };

  return {
    get full() {
      return found.length >= limit;
    },
    add({ offset, at, runId, bytes, lost }) {
      // What comes after a hole does not go on with the line before it.
      if (lost !== null) return endLine();
      for (let from = 0; from < bytes.length; ) {
        const end = lineEnd(bytes, from);
        const room = LONGEST_LINE - length;
        const part = bytes.subarray(from, Math.min(end, from + room));
        if (part.length > 0) origin ??= { offset: offset + from, at, runId };
        parts.push(part);
        length += part.length;
        from += part.length;
        if (from < end) endLine();
        else if (end < bytes.length) {
          endLine();
          from++;
        }
      }
    },
    finish() {
      endLine();
      return found;
    },
  };
}

/** Place of the next line feed or carriage return: progress bars come back to the line's start to overwrite it. */
function lineEnd(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at++) if (bytes[at] === LF || bytes[at] === CR) return at;
  return bytes.length;
}

/** What stands between cursor addresses; one character a byte, so that places in the text are places in the line. */
function segmentsOf(line: Buffer): (readonly [start: number, end: number])[] {
  const segments: (readonly [number, number])[] = [];
  let start = 0;
  for (const { index, 0: sequence } of line.toString('latin1').matchAll(CURSOR_POSITION)) {
    segments.push([start, index]);
    start = index + sequence.length;
  }
  return [...segments, [start, line.length]];
}

function plainText(bytes: Buffer): string {
  return stripVTControlCharacters(bytes.toString('utf8')).replaceAll(/[^\P{Cc}\t]/gu, '');
}

function around(line: string, index: number): string {
  if (line.length <= LONGEST_SHOWN) return line;
  const start = Math.max(0, Math.min(index - LONGEST_SHOWN / 4, line.length - LONGEST_SHOWN));
  return line.slice(start, start + LONGEST_SHOWN);
}
