import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { WebSocket } from 'ws';
import type { ProblemBody } from '../api/schema/problem.ts';
import { CliError, EXIT, type ExitCode } from './cli-error.ts';
import { openSocket } from './console/open-socket.ts';

/** Long enough for a loaded service, short enough for a person. */
const ANSWER_MS = 30_000;
const LARGEST_ANSWER = 64 * 1024 * 1024;

export type Call = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below /api/v1. */
  readonly path: string;
  readonly body?: unknown;
  /** Bytes to send instead of JSON. */
  readonly bytes?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the answer may take, milliseconds. Default 30 s. */
  readonly patienceMs?: number;
};

/** The service's REST API. */
export type Connection = {
  /** The answer's JSON; undefined for an empty one. @throws CliError for every answer that is not a success */
  call(call: Call): Promise<unknown>;
  /** The answer's bytes and headers. */
  bytes(call: Call): Promise<{ readonly bytes: Buffer; readonly headers: IncomingMessage['headers'] }>;
  /** An answer to be read as it comes; undefined when there is nothing to come (204). */
  stream(call: Call, signal: AbortSignal): Promise<AsyncIterable<Buffer> | undefined>;
  /** A WebSocket, open and paused. @param path below /api/v1 */
  socket(path: string): Promise<WebSocket>;
};

/** @param url `http://host:port`, `https://…`, or `unix:/path/of/socket` */
export function connectTo(url: string, token: string): Connection {
  const target = targetOf(url);
  const open = async (call: Call, signal: AbortSignal): Promise<IncomingMessage> => {
    const response = await send(target, call, token, signal, url);
    const { statusCode = 0 } = response;
    if (statusCode >= 200 && statusCode < 300) return response;
    throw refusal(statusCode, (await readAll(response, url)).toString('utf8'), call);
  };
  return {
    async call(call) {
      const patience = AbortSignal.timeout(call.patienceMs ?? ANSWER_MS);
      const text = await readAll(await open(call, patience), url);
      return text.length === 0 ? undefined : parseJson(text.toString('utf8'), url);
    },
    async bytes(call) {
      const response = await open(call, AbortSignal.timeout(ANSWER_MS));
      return { headers: response.headers, bytes: await readAll(response, url) };
    },
    async stream(call, signal) {
      const response = await open(call, signal);
      return response.statusCode === 204 ? undefined : response;
    },
    async socket(path) {
      const { secure, options, prefix } = target;
      const host = options.host?.includes(':') ? `[${options.host}]` : (options.host ?? 'localhost');
      const address = `${secure ? 'wss' : 'ws'}://${host}${options.port ? `:${options.port}` : ''}${prefix}/api/v1${path}`;
      const way = { socketPath: options.socketPath ?? undefined, answerMs: ANSWER_MS };
      const opened = await openSocket(address, token, way).catch((error: unknown) => {
        throw unreachable(url, error);
      });
      if (opened instanceof WebSocket) return opened;
      throw refusal(opened.status, opened.text, { method: 'GET', path });
    },
  };
}

type Target = { readonly secure: boolean; readonly options: RequestOptions; readonly prefix: string };

function targetOf(url: string): Target {
  if (url.startsWith('unix:/'))
    return { secure: false, options: { socketPath: url.slice('unix:'.length) }, prefix: '' };
  if (!URL.canParse(url))
    throw new CliError(EXIT.usage, `${url} is not a URL like http://127.0.0.1:8470 or unix:/run/bootwright/api.sock`);
  const { protocol, hostname, port, pathname, username } = new URL(url);
  if ((protocol !== 'http:' && protocol !== 'https:') || username !== '') {
    throw new CliError(
      EXIT.usage,
      'the URL of the service must begin with http://, https:// or unix:/ and name no user',
    );
  }
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    secure: protocol === 'https:',
    options: { host, ...(port === '' ? {} : { port: Number(port) }) },
    prefix: pathname.replace(/\/+$/, ''),
  };
}

function send(target: Target, call: Call, token: string, signal: AbortSignal, url: string): Promise<IncomingMessage> {
  const body = call.bytes ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
  const type = call.bytes === undefined ? 'application/json' : 'application/octet-stream';
  const headers = {
    accept: 'application/json, text/event-stream, text/plain',
    authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
    ...call.headers,
  };
  const options = {
    ...target.options,
    method: call.method,
    path: `${target.prefix}/api/v1${call.path}`,
    headers,
    signal,
  };
  return new Promise((resolve, reject) => {
    const outgoing = (target.secure ? httpsRequest : httpRequest)(options, resolve);
    outgoing.once('error', (error) =>
      reject(
        signal.aborted && !isTimeout(signal)
          ? signal.reason
          : unreachable(url, isTimeout(signal) ? signal.reason : error),
      ),
    );
    outgoing.end(body);
  });
}

async function readAll(response: AsyncIterable<Buffer>, url: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response) {
      length += chunk.length;
      if (length > LARGEST_ANSWER) throw new CliError(EXIT.failed, `the answer of ${url} is too large`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof CliError ? error : unreachable(url, error);
  }
  return Buffer.concat(chunks);
}

function refusal(status: number, text: string, { method, path }: Call): CliError {
  const exit = status === 401 || status === 403 ? EXIT.denied : EXIT.failed;
  const problem = problemIn(text);
  if (problem === undefined) return new CliError(exit, `${method} ${path}: the service answered ${status}`);
  const listed = problem.details?.problems;
  const problems = Array.isArray(listed) && listed.length > 1 ? listed.map(String) : [];
  return new RefusedCliError(
    exit,
    problem.detail,
    [...problems, ...(problem.hint === undefined ? [] : [problem.hint])],
    problem.code,
  );
}

function problemIn(text: string): ProblemBody | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const known = typeof value === 'object' && value !== null && 'detail' in value && typeof value.detail === 'string';
    return known ? (value as ProblemBody) : undefined;
  } catch {
    // Whatever answered is not our service, or a proxy before it: the status is all that can be told.
    return undefined;
  }
}

function parseJson(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError(EXIT.unreachable, `${url} does not answer as Bootwright does: is the URL right?`);
  }
}

function isTimeout(signal: AbortSignal): boolean {
  return signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
}

/** The service understood and said no; `code` is its problem's. */
export class RefusedCliError extends CliError {
  readonly code: string;

  constructor(exitCode: ExitCode, message: string, lines: readonly string[], code: string) {
    super(exitCode, message, lines);
    this.code = code;
  }
}

/** Marks that another try may succeed. */
export class UnreachableCliError extends CliError {}

function unreachable(url: string, error: unknown): UnreachableCliError {
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new UnreachableCliError(EXIT.unreachable, `the service at ${url} gave no answer in time`, [
      'It may be busy with a slow controller, and still do what was asked: look before asking again.',
    ]);
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why = error instanceof Error ? error.message || code : String(error);
  return new UnreachableCliError(EXIT.unreachable, `the service at ${url} cannot be reached: ${why}`, [
    'Is it running? Another address is given with --url or BOOTWRIGHT_URL.',
  ]);
}
