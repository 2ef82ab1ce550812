import type { Request } from 'express';
import { WrongOffsetError } from '../domain/ports/assets.ts';
import { InvalidRequestError } from '../foundation/errors.ts';
import { HttpError } from './http-error.ts';

/** The piece that a request brings: `to` is exclusive, and unknown with a chunked body. */
export type Piece = { readonly from: number; readonly to: number | undefined };

/**
 * Reads where the body of an upload belongs; without Content-Range it is the whole file.
 * @param bytes size of the whole file
 * @throws InvalidRequestError when header and body do not fit each other
 * @see RFC 9110 §14.4, §14.5
 */
export function pieceOf(headers: Request['headers'], bytes: number): Piece {
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new HttpError('unsupported-media-type', 'the content encoding of the body is not supported: send it plain');
  const text = headers['content-length'];
  const length = text === undefined ? undefined : Number(text);
  const range = headers['content-range'];
  if (range === undefined) return { from: 0, to: length };
  // The form of RFC 9110 §14.4 for no bytes at all: all are here, and what became of them is asked for.
  if (range === `bytes */${bytes}` && (length ?? 0) === 0) return { from: bytes, to: bytes };
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(range);
  const [from, last] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || last < from || last >= bytes || (match[3] !== '*' && Number(match[3]) !== bytes)) {
    throw new InvalidRequestError(`Content-Range must be "bytes FIRST-LAST/${bytes}" with FIRST <= LAST < ${bytes}`);
  }
  if (length !== undefined && length !== last + 1 - from)
    throw new InvalidRequestError(`the body has ${length} bytes, its Content-Range ${last + 1 - from}`);
  return { from, to: last + 1 };
}

/** The body of a request as it comes, no more than its piece has. @throws InvalidRequestError when it breaks off */
export async function* bodyOf(request: Request, { from, to }: Piece): AsyncGenerator<Buffer> {
  let at = from;
  try {
    for await (const chunk of request) {
      const bytes: Buffer = chunk;
      at += bytes.length;
      if (to !== undefined && at > to) throw new InvalidRequestError('the body is longer than its Content-Range');
      yield bytes;
    }
  } catch (cause) {
    if (cause instanceof InvalidRequestError) throw cause;
    throw new InvalidRequestError('the request was broken off; what came is kept, go on from there', { cause });
  }
}

/** The same error as an answer that says in a header where to go on. */
export function withOffset(error: unknown): unknown {
  if (!(error instanceof WrongOffsetError)) return error;
  return new HttpError('wrong-offset', error.message, {
    headers: { 'Upload-Offset': String(error.offset) },
    details: error.details,
  });
}
