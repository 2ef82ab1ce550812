import { WebSocket } from 'ws';
import type { ConsoleServerMessageBody } from '../../src/api/schema/console.ts';
import { consoleServerMessageSchema } from '../../src/api/schema/console.ts';

/** A refusal before the upgrade. */
export type ConsoleRefusal = { readonly status: number; readonly type: string | undefined; readonly body: string };

/** A WebSocket at a console that keeps what it was told. */
export type ConsoleClient = {
  readonly socket: WebSocket;
  readonly messages: ConsoleServerMessageBody[];
  text(): string;
  /** The place behind the last byte, counted as the description says. */
  offset(): number;
  /** Waits until this holds. */
  until(what: string, holds: () => boolean): Promise<void>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
};

/** @throws ConsoleRefusal when the service does not upgrade */
export async function openConsoleClient(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<ConsoleClient> {
  const socket = new WebSocket(url, { headers });
  const messages: ConsoleServerMessageBody[] = [];
  const bytes: Buffer[] = [];
  let offset = 0;
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) {
      bytes.push(data);
      offset += data.length;
      return;
    }
    const message = consoleServerMessageSchema.parse(JSON.parse(data.toString()));
    if (message.type === 'offset') offset = message.offset;
    messages.push(message);
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('open', resolve);
  socket.on('error', reject);
  socket.once('unexpected-response', (_request, response) => {
    let body = '';
    response.on('data', (chunk) => {
      body += String(chunk);
    });
    response.on('end', () =>
      reject({
        status: response.statusCode ?? 0,
        type: response.headers['content-type'],
        body,
      } satisfies ConsoleRefusal),
    );
  });
  await promise;
  return {
    socket,
    messages,
    text: () => Buffer.concat(bytes).toString('latin1'),
    offset: () => offset,
    async until(what, holds) {
      const end = performance.now() + 10_000;
      while (!holds()) {
        if (performance.now() > end) {
          throw new Error(`not ${what}: ${JSON.stringify(messages)} ${Buffer.concat(bytes).toString('latin1')}`);
        }
        await new Promise((wait) => setTimeout(wait, 5));
      }
    },
    closed,
  };
}
