import { CliError, EXIT } from './cli-error.ts';
import { type Connection, UnreachableCliError } from './connection.ts';
import type { CliEnvironment } from './environment.ts';

/** One message of a live feed. */
export type FeedMessage = { readonly id: string | undefined; readonly event: string; readonly data: unknown };

/** Tries without a message in between before the service counts as gone. */
const TRIES = 30;
const PAUSE_MS = 1000;
/** A message is one event; nothing of that size is one. */
const LARGEST_MESSAGE = 4 * 1024 * 1024;

/**
 * Follows a live feed to its `end`, over restarts of the service and lost connections, from where it was.
 * @throws CliError when the service is gone for longer than half a minute; the signal's reason when it fires
 */
export async function* followFeed(
  { connection, environment }: { readonly connection: Connection; readonly environment: CliEnvironment },
  path: string,
  signal: AbortSignal,
): AsyncGenerator<FeedMessage> {
  let lastId: string | undefined;
  let failures = 0;
  for (;;) {
    try {
      const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
      const stream = await connection.stream({ method: 'GET', path, headers }, signal);
      if (stream === undefined) return;
      for await (const message of parseFeed(stream)) {
        failures = 0;
        lastId = message.id ?? lastId;
        yield message;
        if (message.event === 'end') return;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isLostConnection(error) || failures >= TRIES) throw error;
    }
    // An answer that ends by itself is a service that closes, or something else that answers and says nothing.
    if (++failures > TRIES) throw new CliError(EXIT.unreachable, `the live feed ${path} keeps ending`);
    await environment.delay(PAUSE_MS, signal);
  }
}

/** Server-sent events out of the bytes; comments are heartbeats and nothing else. */
export async function* parseFeed(stream: AsyncIterable<Buffer>): AsyncGenerator<FeedMessage> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const message = parseMessage(rest.slice(0, end));
      rest = rest.slice(end + 2);
      if (message !== undefined) yield message;
    }
    if (rest.length > LARGEST_MESSAGE) throw new Error('the live feed is not one of Bootwright');
  }
}

function parseMessage(block: string): FeedMessage | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const match = /^([a-z]+): ?(.*)$/.exec(line);
    if (match) fields.set(match[1] ?? '', match[2] ?? '');
  }
  const data = fields.get('data');
  if (data === undefined) return undefined;
  return { id: fields.get('id'), event: fields.get('event') ?? 'message', data: JSON.parse(data) };
}

function isLostConnection(error: unknown): boolean {
  if (error instanceof UnreachableCliError) return true;
  // A connection that breaks in the middle of an answer.
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ECONNRESET' || error.code === 'ERR_STREAM_PREMATURE_CLOSE')
  );
}
