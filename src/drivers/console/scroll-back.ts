/** The latest output of one console, with the places where output is missing. */
export type ScrollBack = {
  /** Offset of the oldest byte that is here. */
  readonly start: number;
  /** Offset of the byte that comes next. */
  readonly end: number;
  /** Adds a copy of the bytes; the oldest go when there are too many. */
  append(bytes: Buffer): void;
  /** Says that output is missing right here. @returns false when that was said already */
  mark(why: string): boolean;
  markAt(offset: number): string | undefined;
  /** Bytes from `from` up to the next mark, `most` at most, fewer where it is stored in pieces; a view that stays as it is. */
  read(from: number, most: number): Buffer;
};

type Segment = { readonly offset: number; readonly bytes: Buffer; used: number };

const SEGMENT_BYTES = 16 * 1024;
/** With more, the oldest text goes as if there were too much of it: a line that loses all the time costs no more memory. */
const MOST_MARKS = 1000;

/**
 * Memory is taken in segments as output comes, so that a quiet console costs next to nothing; what is written in a segment
 * is never written again, so that views of it may be kept.
 */
export function createScrollBack(begin: number, capacity: number): ScrollBack {
  let segments: Segment[] = [];
  const marks = new Map<number, string>();
  let start = begin;
  let end = begin;

  const drop = (before: number): void => {
    if (before <= start) return;
    start = before;
    segments = segments.filter(({ offset, used }) => offset + used > start);
    for (const offset of marks.keys()) {
      if (offset >= start) break;
      marks.delete(offset);
    }
  };

  return {
    get start() {
      return start;
    },
    get end() {
      return end;
    },
    append(bytes) {
      for (let from = 0; from < bytes.length; ) {
        let last = segments.at(-1);
        if (last === undefined || last.used === SEGMENT_BYTES) {
          last = { offset: end, bytes: Buffer.alloc(SEGMENT_BYTES), used: 0 };
          segments.push(last);
        }
        const copied = bytes.copy(last.bytes, last.used, from);
        last.used += copied;
        end += copied;
        from += copied;
      }
      drop(end - capacity);
    },
    mark(why) {
      if (marks.has(end)) return false;
      marks.set(end, why);
      if (marks.size > MOST_MARKS) {
        const [, second] = marks.keys();
        drop(second ?? start);
      }
      return true;
    },
    markAt: (offset) => marks.get(offset),
    read(from, most) {
      const segment = segments.find(({ offset, used }) => offset <= from && from < offset + used);
      if (segment === undefined || from < start) return Buffer.alloc(0);
      let to = Math.min(segment.offset + segment.used, from + most);
      for (const offset of marks.keys()) if (offset > from && offset < to) to = offset;
      return segment.bytes.subarray(from - segment.offset, to - segment.offset);
    },
  };
}
