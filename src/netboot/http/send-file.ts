import { type FileHandle, open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';

/** A body to send: in memory, or a file to stream. */
export type Body = {
  readonly size: number;
  readonly type: string;
  /** Strong entity tag with its quotes. */
  readonly etag: string;
  readonly source: { readonly data: Buffer } | { readonly path: string };
};

/**
 * One write from memory. The kernel takes as much as its send buffer holds of each; larger pieces gain nothing, with
 * smaller ones the event loop is woken more often. Receivers at the same place in a file find its bytes in the processor's cache.
 */
const VIEW = 1024 * 1024;
/** One read from a file; two of them belong to each transfer. */
const PIECE = 256 * 1024;

/**
 * Sends a part of a body as the rest of a response whose head is written, and ends it.
 * @param left called with the number of bytes each time some have been handed to the kernel
 * @returns when the last byte was handed to the kernel
 * @throws when the client goes away before that, or the file cannot be read or is shorter than it was
 */
export async function sendPart(
  response: ServerResponse,
  { source }: Body,
  from: number,
  to: number,
  left: (bytes: number) => void,
): Promise<void> {
  if (from === to) return ended(response);
  if ('data' in source) return sendViews(response, source.data, from, to, left);
  await using file = await open(source.path);
  await sendPieces(response, file, from, to, left);
}

async function sendViews(
  response: ServerResponse,
  data: Buffer,
  from: number,
  to: number,
  left: (bytes: number) => void,
): Promise<void> {
  let at = from;
  for (; at + VIEW < to; at += VIEW) {
    await written(response, data.subarray(at, at + VIEW));
    left(VIEW);
  }
  await ended(response, data.subarray(at, to));
  left(to - at);
}

/** Reads one piece while the one before is leaving. */
async function sendPieces(
  response: ServerResponse,
  file: FileHandle,
  from: number,
  to: number,
  left: (bytes: number) => void,
): Promise<void> {
  const length = Math.min(PIECE, to - from);
  let [next, other] = [Buffer.allocUnsafeSlow(length), Buffer.allocUnsafeSlow(length)];
  let reading = readFully(file, next, from, to);
  for (let at = from; at < to; ) {
    const piece = await reading;
    at += piece.length;
    [next, other] = [other, next];
    reading = at < to ? readFully(file, next, at, to) : Promise.resolve(piece);
    // Whichever fails first is thrown below; the other must not count as unheard.
    reading.catch(() => undefined);
    try {
      await (at < to ? written(response, piece) : ended(response, piece));
    } catch (error) {
      await reading.catch(() => undefined);
      throw error;
    }
    left(piece.length);
  }
}

/** Fills the buffer, or what of it lies before `to`. */
async function readFully(file: FileHandle, buffer: Buffer, at: number, to: number): Promise<Buffer> {
  const wanted = Math.min(buffer.length, to - at);
  for (let filled = 0; filled < wanted; ) {
    const { bytesRead } = await file.read(buffer, filled, wanted - filled, at + filled);
    if (bytesRead === 0) throw new Error('the file became shorter while it was sent');
    filled += bytesRead;
  }
  return buffer.subarray(0, wanted);
}

/** Writes a piece of body and waits until it has left or the client has. */
function written(response: ServerResponse, data: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClose = (): void => reject(clientGone());
  if (response.destroyed || response.closed) onClose();
  else {
    response.once('close', onClose);
    response.write(data, (error) => {
      response.off('close', onClose);
      if (error) reject(error);
      else resolve();
    });
  }
  return promise;
}

/** Ends a response, with a last piece of body, and waits until it has left or the client has. */
export function ended(response: ServerResponse, data?: Buffer | string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  response.once('finish', resolve);
  response.once('error', reject);
  response.once('close', () => {
    if (!response.writableFinished) reject(clientGone());
  });
  if (response.destroyed || response.closed) reject(clientGone());
  else if (data === undefined) response.end();
  else response.end(data);
  return promise;
}

function clientGone(): Error {
  return new Error('the client closed the connection');
}
