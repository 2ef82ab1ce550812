import { API, request } from './client.ts';
import { ApiProblem, isAbort, wordsOf } from './problem.ts';
import { createSseParser, type SseMessage } from './sse.ts';

export type FeedStatus =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Tried again by itself at `retryAt` (epoch ms of this browser). */
  | { readonly kind: 'lost'; readonly why: string; readonly retryAt: number }
  /** The page is not looked at; goes on by itself when it is. */
  | { readonly kind: 'resting' }
  /** The service said that nothing follows. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'refused'; readonly error: ApiProblem };

export type FeedParts = {
  /** Number of the last event that is known already; absent: as the service begins. */
  readonly after?: number;
  /** Told `open` whenever a connection begins, then each message by its event's name. */
  readonly hear: (event: string, data: unknown) => void;
  readonly status: (status: FeedStatus) => void;
};

export type Feed = { readonly close: () => void; readonly retryNow: () => void };

/** The service sends a comment every 15 s; without anything for so long the connection is dead. */
const SILENCE_MS = 40_000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 15_000;
/** Browsers allow six connections to one HTTP/1.1 origin; tabs that nobody sees give theirs back. */
const REST_AFTER_MS = 30_000;
/** The service's last message carries this id: connecting again with it gives nothing. */
const END_EVENT = 'end';

/** A live feed that connects again after every loss, from the last message it has. */
export function openFeed(path: string, { after, hear, status }: FeedParts): Feed {
  const closed = new AbortController();
  let lastId = after === undefined ? '' : String(after);
  let connection: AbortController | undefined;
  let wake: () => void = () => undefined;
  let ended = false;
  let failures = 0;

  const take = (message: SseMessage): void => {
    if (message.event === END_EVENT) ended = true;
    else if (message.id !== '') lastId = message.id;
    failures = 0;
    hear(message.event, JSON.parse(message.data));
  };

  const connect = async (): Promise<void> => {
    const own = new AbortController();
    connection = own;
    const silence = createWatchdog(SILENCE_MS, () => own.abort(new Error('Nothing was heard for too long.')));
    try {
      const headers = { Accept: 'text/event-stream', ...(lastId === '' ? {} : { 'Last-Event-ID': lastId }) };
      const response = await request('GET', path, { headers, signal: own.signal });
      ended = response.status === 204;
      if (ended) return;
      status({ kind: 'live' });
      hear('open', null);
      const parse = createSseParser(take);
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        silence.reset();
        const piece = await reader?.read();
        if (piece === undefined || piece.done || ended) return;
        parse(piece.value);
      }
    } finally {
      silence.stop();
      own.abort();
    }
  };

  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const run = async (): Promise<void> => {
    status({ kind: 'connecting' });
    while (!closed.signal.aborted) {
      let why = 'The connection ended.';
      try {
        await connect();
      } catch (error) {
        if (error instanceof ApiProblem && error.status < 500) {
          if (!closed.signal.aborted) status({ kind: 'refused', error });
          return;
        }
        if (!isAbort(error)) why = wordsOf(error).text;
      }
      if (closed.signal.aborted) return;
      if (ended) {
        status({ kind: 'ended' });
        return;
      }
      if (document.hidden) {
        status({ kind: 'resting' });
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
      failures += 1;
      status({ kind: 'lost', why, retryAt: Date.now() + waitMs });
      await sleep(waitMs);
    }
  };

  const retryNow = (): void => {
    failures = 0;
    wake();
  };
  const resting = createWatchdog(REST_AFTER_MS, () => connection?.abort());
  const seen = (): void => {
    if (document.hidden) resting.reset();
    else {
      resting.stop();
      retryNow();
    }
  };
  const { signal } = closed;
  document.addEventListener('visibilitychange', seen, { signal });
  window.addEventListener('online', retryNow, { signal });
  run().catch((error: unknown) => {
    // A message that is not JSON, or a page that cannot draw it: a defect, and the only place to tell it is the console.
    console.error(`${API}${path}: the live feed stopped`, error);
    status({ kind: 'lost', why: wordsOf(error).text, retryAt: Number.POSITIVE_INFINITY });
  });

  return {
    close() {
      closed.abort();
      connection?.abort();
      resting.stop();
      wake();
    },
    retryNow,
  };
}

function createWatchdog(ms: number, bark: () => void): { reset(): void; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => clearTimeout(timer);
  return {
    reset() {
      stop();
      timer = setTimeout(bark, ms);
    },
    stop,
  };
}
