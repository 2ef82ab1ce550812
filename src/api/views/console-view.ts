import type { ConsoleChunk, ConsoleMessage, ConsoleState } from '../../domain/ports/consoles.ts';
import type { ConsolePageBody, ConsoleServerMessageBody } from '../schema/console.ts';
import { iso } from './time.ts';

/** Stored chunks as a page; a character whose bytes are not all there yet is left for the next one. */
export function viewChunks(chunks: readonly ConsoleChunk[], from: number): Pick<ConsolePageBody, 'items' | 'next'> {
  const decoder = new TextDecoder();
  const items: ConsolePageBody['items'] = [];
  let next = from;
  for (const [index, { offset, at, runId, bytes, lost }] of chunks.entries()) {
    const origin = { offset, at: iso(at), runId };
    if (lost !== null) {
      items.push({ ...origin, text: '', lost });
      next = Math.max(next, offset);
      continue;
    }
    const follows = chunks[index + 1];
    const end = offset + bytes.length;
    // The bytes of one character may lie in two chunks, but not over a hole or a mark.
    const goesOn = follows !== undefined && follows.lost === null && follows.offset === end;
    const left = index === chunks.length - 1 ? unfinished(bytes) : 0;
    items.push({ ...origin, text: decoder.decode(bytes.subarray(0, bytes.length - left), { stream: goesOn }), lost });
    next = end - left;
  }
  return { items, next };
}

/** Bytes at the end that begin a character of UTF-8 and do not end it; none when there is nothing else. */
function unfinished(bytes: Buffer): number {
  for (let left = 1; left <= 3 && left < bytes.length; left++) {
    const byte = bytes[bytes.length - left] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return needed > left ? left : 0;
  }
  return 0;
}

/** Stored chunks as plain text for people: as the machine wrote it, with marks as lines of their own. */
export function plainChunks(chunks: readonly ConsoleChunk[]): Buffer {
  return Buffer.concat(
    chunks.map(({ bytes, lost }) =>
      lost === null ? bytes : Buffer.from(`\r\n[output is missing here: ${lost.replaceAll(/\p{Cc}/gu, ' ')}]\r\n`),
    ),
  );
}

export function viewState(state: ConsoleState): ConsoleServerMessageBody {
  if (state.line !== 'disconnected') return { type: 'state', line: state.line };
  const { reason, why, retryMs } = state;
  return { type: 'state', line: 'disconnected', reason, why, retryMs: retryMs === null ? null : Math.round(retryMs) };
}

/** The frames of a message: bytes, or a control message. @param expected place of the byte that the client expects next */
export function viewMessage(
  message: ConsoleMessage,
  expected: number | undefined,
): readonly (Buffer | ConsoleServerMessageBody)[] {
  switch (message.kind) {
    case 'state':
      return [viewState(message.state)];
    case 'lost':
      return [{ type: 'lost', offset: message.offset, why: message.why }];
    case 'output':
      return message.offset === expected
        ? [message.bytes]
        : [{ type: 'offset', offset: message.offset }, message.bytes];
  }
}
