import { createHash } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { crc32 } from 'node:zlib';
import type { Clock } from '../../foundation/clock.ts';
import { RefusedError, UnreachableError } from '../../foundation/errors.ts';
import type { FetchedFile, PxeClientOptions } from './options.ts';

/** What iPXE fetches, and as who. */
export type HttpOrder = Pick<PxeClientOptions, 'watch' | 'check'> & {
  /** What it is to the script. */
  readonly name: string;
  readonly url: string;
  /** The machine's own address. */
  readonly from: string;
};

type Deps = { readonly clock: Clock };

/** Fetches a URL and keeps its text. @throws RefusedError on a status other than 200; UnreachableError */
export async function fetchText(deps: Deps, order: HttpOrder, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  await fetchBody(deps, order, signal, (chunk) => {
    if (chunks.push(chunk) === 1) order.watch?.('first-byte', order.name);
  });
  return Buffer.concat(chunks).toString('utf8');
}

/** Fetches a URL to its end and keeps its fingerprint only. @throws RefusedError on a status other than 200; UnreachableError */
export async function fetchFile(deps: Deps, order: HttpOrder, signal: AbortSignal): Promise<FetchedFile> {
  const { name, check = 'sha256' } = order;
  const hash = createHash('sha256');
  let [bytes, sum] = [0, 0];
  await fetchBody(deps, order, signal, (chunk) => {
    if (bytes === 0) order.watch?.('first-byte', name);
    bytes += chunk.length;
    if (check === 'sha256') hash.update(chunk);
    else sum = crc32(chunk, sum);
  });
  order.watch?.('whole', name);
  return { name, bytes, ...(check === 'sha256' ? { sha256: hash.digest('hex') } : { crc32: sum }) };
}

/**
 * As iPXE does it: any answer but a good one that says Retry-After is waited out and asked for again, however often; one without
 * fails the command at once.
 * @see iPXE src/net/tcp/httpcore.c (http_parse_retry_after, http_transfer_complete)
 */
async function fetchBody(
  { clock }: Deps,
  order: HttpOrder,
  signal: AbortSignal,
  take: (chunk: Buffer) => void,
): Promise<void> {
  for (;;) {
    const response = await answered(order, signal);
    const status = response.statusCode ?? 0;
    if (status === 200) return await read(response, order, signal, take);
    let text = '';
    await read(response, order, signal, (chunk) => {
      text = (text + chunk.toString('utf8')).slice(0, 200);
    });
    const seconds = Number(response.headers['retry-after'] ?? Number.NaN);
    if (!Number.isInteger(seconds) || seconds < 0)
      throw new RefusedError(`HTTP boot: status ${status}, ${text.trim()}`, { details: { status } });
    order.watch?.('turned-away', order.name);
    await clock.sleep(seconds * 1000, signal);
  }
}

function answered({ url, from }: HttpOrder, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = get(url, { localAddress: from, agent: false, signal }, resolve);
  request.on('error', (cause) => reject(brokenOff(signal, cause)));
  return promise;
}

/** Not by `for await`: thousands of clients in one process spend less on each piece by an event. */
function read(
  response: IncomingMessage,
  { name }: HttpOrder,
  signal: AbortSignal,
  take: (chunk: Buffer) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  response.on('data', take);
  response.on('error', (cause) => reject(brokenOff(signal, cause)));
  response.on('close', () => {
    if (response.complete) resolve();
    else reject(brokenOff(signal, new Error(`${name} ended before its end`)));
  });
  return promise;
}

function brokenOff(signal: AbortSignal, cause: Error): unknown {
  return signal.aborted ? signal.reason : new UnreachableError(`HTTP boot: ${cause.message}`, { cause });
}
