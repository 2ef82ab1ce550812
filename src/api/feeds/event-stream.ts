import type { Request, Response } from 'express';
import type { Clock } from '../../foundation/clock.ts';
import { withDeadline } from '../../foundation/deadline.ts';
import { errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';

export type StreamMessage = { readonly id?: string; readonly event: string; readonly data: unknown };

/** One live feed to one client. */
export type EventStream = {
  /** Fires when the client has gone, was too slow, lost its rights, or the service ends. */
  readonly signal: AbortSignal;
  /** Writes one message and waits until there is room for the next. @throws the signal's reason when the stream is over */
  send(message: StreamMessage): Promise<void>;
};

export type StreamOptions = {
  /** A comment is sent this often, so that proxies keep the connection and a dead client is noticed. Default 15 s. */
  readonly heartbeatMs?: number;
  /** A client that makes no room for so long is cut. Default 15 s. */
  readonly stallMs?: number;
};

export type StreamParts = {
  readonly clock: Clock;
  readonly log: Log;
  /** Fires when the service ends. */
  readonly closing: AbortSignal;
  /** Asked at every heartbeat; throws when the caller may no longer look. */
  readonly check: () => Promise<unknown>;
};

/** What a browser waits before it connects again, milliseconds. */
const RETRY_MS = 2000;

/**
 * Serves server-sent events until `work` ends. What is not sent yet is never more than what `work` hands over at once,
 * since every send waits for room; so a slow client costs one page of memory and, in the end, its connection.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export async function serveStream(
  request: Request,
  response: Response,
  parts: StreamParts,
  options: StreamOptions,
  work: (stream: EventStream) => Promise<void>,
): Promise<void> {
  const { clock, log, closing, check } = parts;
  const { heartbeatMs = 15_000, stallMs = 15_000 } = options;
  const over = new AbortController();
  const gone = (): void => over.abort(new DOMException('the client has gone', 'AbortError'));
  const ends = (): void => over.abort(new DOMException('the service ends', 'AbortError'));
  response.on('close', gone);
  closing.addEventListener('abort', ends, { once: true });
  if (closing.aborted) ends();
  open(request, response);

  const write = async (text: string): Promise<void> => {
    over.signal.throwIfAborted();
    if (response.write(text)) return;
    await withDeadline(clock, stallMs, over.signal, 'wait for the client to take events', (signal) =>
      drained(response, signal),
    );
  };
  const beat = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(heartbeatMs, over.signal);
      await check();
      await write(': keep-alive\n\n');
    }
  };
  const beating = beat().catch((error: unknown) => over.abort(error));
  try {
    await work({ signal: over.signal, send: (message) => write(formatMessage(message)) });
  } catch (error) {
    if (!over.signal.aborted) log.warn({ error: errorText(error), path: request.path }, 'live feed broken off');
  } finally {
    over.abort(new DOMException('the feed is over', 'AbortError'));
    await beating;
    response.off('close', gone);
    closing.removeEventListener('abort', ends);
    // A client that takes nothing would keep `end` waiting for ever.
    if (response.writableNeedDrain) response.destroy();
    else response.end();
  }
}

/** `data` is one line: JSON has no line breaks outside its escapes. */
export function formatMessage({ id, event, data }: StreamMessage): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

function open(request: Request, response: Response): void {
  request.socket.setNoDelay(true);
  response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    // Proxies (nginx) would hold events back in their buffers.
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
  response.write(`retry: ${RETRY_MS}\n\n`);
}

function drained(response: Response, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      response.off('drain', done);
      signal.removeEventListener('abort', aborted);
      resolve();
    };
    const aborted = (): void => {
      response.off('drain', done);
      reject(signal.reason);
    };
    response.once('drain', done);
    signal.addEventListener('abort', aborted, { once: true });
  });
}
