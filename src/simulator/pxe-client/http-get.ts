import { createHash } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { RefusedError, UnreachableError } from '../../foundation/errors.ts';
import type { FetchedFile } from './options.ts';

/** Fetches a URL from the machine's own address and keeps its text. @throws RefusedError on a status other than 200 */
export async function fetchText(url: string, from: string, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  await fetchBody(url, from, signal, (chunk) => chunks.push(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

/** Fetches a URL to its end and keeps its hash only. */
export async function fetchFile(name: string, url: string, from: string, signal: AbortSignal): Promise<FetchedFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  await fetchBody(url, from, signal, (chunk) => {
    hash.update(chunk);
    bytes += chunk.length;
  });
  return { name, bytes, sha256: hash.digest('hex') };
}

async function fetchBody(url: string, from: string, signal: AbortSignal, take: (chunk: Buffer) => void): Promise<void> {
  const response = await answered(url, from, signal);
  let text = '';
  const refused = response.statusCode !== 200;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    if (refused) text = (text + chunk.toString('utf8')).slice(0, 200);
    else take(chunk);
  }
  if (refused) {
    const status = response.statusCode ?? 0;
    throw new RefusedError(`HTTP boot: status ${status}, ${text.trim()}`, { details: { status } });
  }
}

function answered(url: string, from: string, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = get(url, { localAddress: from, agent: false, signal }, resolve);
  request.on('error', (cause) => {
    reject(signal.aborted ? signal.reason : new UnreachableError(`HTTP boot: ${cause.message}`, { cause }));
  });
  return promise;
}
