import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { rangeOf } from './range.ts';

/** A body to send: in memory, or a file to stream. */
export type Body = {
  readonly size: number;
  readonly type: string;
  /** Strong entity tag with its quotes. */
  readonly etag: string;
  readonly source: { readonly data: Buffer } | { readonly path: string };
};

/** What left: the bytes `from` to `to` of the body; a HEAD or 304 leaves none. */
export type Sent = { readonly status: number; readonly from: number; readonly to: number };

/**
 * Answers GET and HEAD with a body or a single range of it. Never chunked, always with its true length, no empty header, and the
 * connection stays open: EDK2 hangs or loops on each of these otherwise (edk2 PR 997, edk2 issues 7443 and 9920).
 * @returns when the last byte was handed to the kernel
 * @throws when the client goes away before that, or the file cannot be read
 */
export async function sendBody(request: IncomingMessage, response: ServerResponse, body: Body): Promise<Sent> {
  const { size, type, etag } = body;
  const { range, 'if-none-match': ifNoneMatch } = request.headers;
  response.setHeader('ETag', etag);
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Cache-Control', 'no-store');
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, etag)) {
    response.writeHead(304);
    await ended(response);
    return { status: 304, from: 0, to: 0 };
  }
  // RFC 9110 §14.2: Range is defined for GET only.
  const part = request.method === 'GET' ? rangeOf(range, ifRangeOf(request), etag, size) : { kind: 'whole' as const };
  if (part.kind === 'unsatisfiable') {
    response.writeHead(416, { 'Content-Range': `bytes */${size}`, 'Content-Length': 0 });
    await ended(response);
    return { status: 416, from: 0, to: 0 };
  }
  const [from, to] = part.kind === 'part' ? [part.from, part.to] : [0, size];
  const status = part.kind === 'part' ? 206 : 200;
  if (part.kind === 'part') response.setHeader('Content-Range', `bytes ${from}-${to - 1}/${size}`);
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': to - from });
  if (request.method === 'HEAD') {
    await ended(response);
    return { status, from: 0, to: 0 };
  }
  if ('data' in body.source) await ended(response, body.source.data.subarray(from, to));
  else if (from === to) await ended(response);
  else
    await pipeline(createReadStream(body.source.path, { start: from, end: to - 1, highWaterMark: 1 << 18 }), response);
  return { status, from, to };
}

/** Ends a response, with a last piece of body, and waits until it has left or the client has. */
export function ended(response: ServerResponse, data?: Buffer | string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  response.once('finish', resolve);
  response.once('error', reject);
  response.once('close', () => {
    if (!response.writableFinished) reject(new Error('the client closed the connection'));
  });
  if (response.destroyed) reject(new Error('the client closed the connection'));
  else if (data === undefined) response.end();
  else response.end(data);
  return promise;
}

function matches(header: string, etag: string): boolean {
  return header.split(',').some((each) => each.trim() === etag || each.trim() === '*');
}

/** Node types this header as possibly repeated; joined as RFC 9110 §5.3 joins lines, it then matches no tag. */
function ifRangeOf(request: IncomingMessage): string | undefined {
  const value = request.headers['if-range'];
  return Array.isArray(value) ? value.join(', ') : value;
}
