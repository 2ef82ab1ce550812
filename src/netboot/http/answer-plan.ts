import type { IncomingMessage } from 'node:http';
import { rangeOf } from './range.ts';
import type { Body } from './send-file.ts';

/** What a request for a body gets; the bytes `from` to `to` (exclusive) leave, none when they are equal. */
export type AnswerPlan = {
  readonly status: 200 | 206 | 304 | 412 | 416;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly from: number;
  readonly to: number;
};

/**
 * Decides by method and conditions what of a body is sent. A GET or HEAD that is answered with the body, or would be, has its
 * true Content-Length; nothing is ever chunked and no header is empty: EDK2 loops or hangs on each of these otherwise
 * (edk2 PR 997, edk2 issues 7443 and 9920).
 * @see RFC 9110 §13.2.2 for the order of the conditions
 */
export function planAnswer({ method, headers }: IncomingMessage, { size, type, etag }: Body): AnswerPlan {
  const common = { ETag: etag, 'Accept-Ranges': 'bytes', 'Cache-Control': 'no-store' };
  const nothing = { from: 0, to: 0 };
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch, range } = headers;
  if (ifMatch !== undefined && !tagsOf(ifMatch).some((tag) => tag === '*' || tag === etag))
    return { status: 412, headers: { ...common, 'Content-Length': 0 }, ...nothing };
  // Weak comparison, RFC 9110 §13.1.2: a proxy may have weakened our tag.
  if (ifNoneMatch !== undefined && tagsOf(ifNoneMatch).some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag))
    return { status: 304, headers: common, ...nothing };
  // RFC 9110 §14.2: Range is defined for GET only.
  const part = method === 'GET' ? rangeOf(range, oneLine(headers['if-range']), etag, size) : undefined;
  switch (part?.kind) {
    case 'unsatisfiable':
      return {
        status: 416,
        headers: { ...common, 'Content-Range': `bytes */${size}`, 'Content-Length': 0 },
        ...nothing,
      };
    case 'part': {
      const { from, to } = part;
      const contentRange = `bytes ${from}-${to - 1}/${size}`;
      const partial = { 'Content-Type': type, 'Content-Range': contentRange, 'Content-Length': to - from };
      return { status: 206, headers: { ...common, ...partial }, from, to };
    }
    default: {
      const whole = { 'Content-Type': type, 'Content-Length': size };
      return { status: 200, headers: { ...common, ...whole }, from: 0, to: method === 'HEAD' ? 0 : size };
    }
  }
}

/** Commas inside a tag are allowed by RFC 9110 §8.8.3; ours have none, so a tag cut there matches nothing. */
function tagsOf(header: string): readonly string[] {
  return header.split(',').map((each) => each.trim());
}

/** Node types this header as possibly repeated; joined as RFC 9110 §5.3 joins lines, it then matches no tag. */
function oneLine(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
