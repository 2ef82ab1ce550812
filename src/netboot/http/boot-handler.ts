import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { NewEvent } from '../../domain/event.ts';
import type { Clock } from '../../foundation/clock.ts';
import { errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Meter } from '../../foundation/meter.ts';
import type { AssetCatalog } from '../assets/catalog.ts';
import type { FileCache } from '../assets/file-cache.ts';
import type { LoaderFile } from '../assets/loaders.ts';
import { AUTHORITY_PATH, bootBaseUrl } from '../boot-urls.ts';
import { type Peers, plainAddress } from '../peers.ts';
import type { Sightings } from '../sightings.ts';
import type { TftpFiles } from '../tftp/files.ts';
import { type AccessDeps, createAccess } from './access.ts';
import type { Admission } from './admission.ts';
import { type AnswerPlan, planAnswer } from './answer-plan.ts';
import { type AttemptRoute, createAttemptFiles, nameOf, type Refused, type Served } from './attempt-files.ts';
import type { BootScriptOptions } from './boot-script.ts';
import { contentTypeOf } from './content-type.ts';
import { createCoverage } from './coverage.ts';
import { noRequestWatch, type RequestWatch } from './request-watch.ts';
import { bootRoute } from './route.ts';
import { type Body, ended } from './send-file.ts';
import { transfer } from './transfer.ts';
import { createTurns } from './turns.ts';

export type BootHandlerDeps = AccessDeps & {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly catalog: AssetCatalog;
  readonly cache: FileCache;
  readonly loaders: ReadonlyMap<string, LoaderFile>;
  /** What is among the loaders and made for the machine that asks, at one of our addresses. Default: nothing is. */
  readonly machineFiles?: (server: string) => TftpFiles;
  readonly peers: Peers;
  readonly sightings: Sightings;
  /** Told of each request as it comes, before it is served. Default: nobody looks. */
  readonly requests?: RequestWatch;
  /** Absent: kernels and initrds are never put off. */
  readonly admission?: Admission;
};

export type BootHandlerOptions = BootScriptOptions & {
  /** What URLs in scripts begin with: `http://10.77.0.1:8480`. Default: the address and port the script was asked at. */
  readonly baseUrl?: string;
  /** The certificate, PEM, by which machines can know our HTTPS server; undefined when there is none to be had. */
  readonly authority?: () => string | undefined;
  /** Where scripts that were asked for over HTTP point to over HTTPS; undefined: they stay with HTTP. */
  readonly httpsPort?: () => number | undefined;
};

export type BootHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers machines that boot over HTTP. It takes requests from any server, so that it can be mounted elsewhere too. */
export function createBootHandler(deps: BootHandlerDeps, options: BootHandlerOptions): BootHandler {
  const { clock, log, meter, loaders, peers, sightings, cache, admission, requests = noRequestWatch } = deps;
  const access = createAccess(deps);
  const attemptFiles = createAttemptFiles(deps, options);
  const coverage = createCoverage();
  const turns = createTurns();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = clock.elapsed();
    const address = remoteAddress(request);
    if (hasBody(request)) {
      response.setHeader('Connection', 'close');
      return refuse(response, 413, 'requests have no body here');
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return refuse(response, 405, 'only GET and HEAD are answered here');
    }
    // RFC 9112 §3.2.2: a target with scheme and host is to be understood too; what they say does not matter here.
    const target = (request.url ?? '/').replace(/^https?:\/\/[^/?#]*/i, '');
    const certificate = target === AUTHORITY_PATH ? options.authority?.() : undefined;
    if (certificate !== undefined) return sendAuthority(request, response, certificate);
    const route = bootRoute(target);
    if (route === undefined) return refuse(response, 404, 'there is nothing by that name');
    const found =
      route.kind === 'loader'
        ? await loader(route.name, request)
        : await attemptFile(route, address, baseUrlOf(request));
    if ('status' in found) {
      reportRefusal(found);
      requests.saw({ address, route, name: found.name, machineId: found.machineId, refused: found });
      return refuse(response, found.status, found.why);
    }
    const plan = planAnswer(request, found.body);
    const { from, to } = plan;
    const asked = { address, route, name: found.name, machineId: found.owner?.machineId };
    // Scripts and loaders are small, and a machine that has neither cannot be told to wait.
    const big = route.kind !== 'script' && route.kind !== 'loader' && to > from;
    const admitted = big ? admission?.ask(found.owner?.machineId ?? address, to - from) : undefined;
    requests.saw({ ...asked, putOff: admitted?.kind === 'turned-away' });
    if (admitted?.kind === 'turned-away') {
      response.setHeader('Retry-After', admitted.retryAfterSeconds);
      return refuse(response, 503, `other machines come first; ask again in ${admitted.retryAfterSeconds} seconds`);
    }
    const { source } = found.body;
    using _held = 'data' in source ? cache.hold(source.data) : undefined;
    response.writeHead(plan.status, plan.headers);
    const last = found.last === true && to === found.body.size;
    await transfer(deps, response, found.body, plan, admitted, last);
    await reportServed(found, plan, address, startedAt);
  }

  async function sendAuthority(request: IncomingMessage, response: ServerResponse, certificate: string): Promise<void> {
    const data = Buffer.from(certificate, 'latin1');
    const etag = `"${createHash('sha256').update(data).digest('hex')}"`;
    const body: Body = { size: data.length, type: 'application/x-x509-ca-cert', etag, source: { data } };
    const plan = planAnswer(request, body);
    meter.count('netboot_http_responses', { status: String(plan.status) });
    response.writeHead(plan.status, plan.headers);
    await transfer(deps, response, body, plan, undefined);
  }

  async function loader(name: string, { socket }: IncomingMessage): Promise<Served | Refused> {
    const peer = { address: plainAddress(socket.remoteAddress), port: socket.remotePort ?? 0 };
    const own = await deps.machineFiles?.(plainAddress(socket.localAddress)).find(name, peer);
    const file = own ?? loaders.get(name);
    if (file === undefined) return { status: 404, why: 'there is no such loader', name };
    const sha256 = 'sha256' in file ? file.sha256 : createHash('sha256').update(file.data).digest('hex');
    const body: Body = { size: file.data.length, type: contentTypeOf(name), etag: `"${sha256}"`, source: file };
    return { name, body };
  }

  async function attemptFile(route: AttemptRoute, address: string, baseUrl: string): Promise<Served | Refused> {
    const granted = await access(route.token, address);
    if (granted.kind === 'denied') return { ...granted, name: nameOf(route) };
    return attemptFiles(route, granted, baseUrl);
  }

  async function reportServed(
    { name, owner, body }: Served,
    sent: AnswerPlan,
    address: string,
    startedAt: number,
  ): Promise<void> {
    meter.count('netboot_http_responses', { status: String(sent.status) });
    meter.count('netboot_bytes_served', { protocol: 'http' }, sent.to - sent.from);
    if (sent.status !== 200 && sent.status !== 206) return;
    if (sent.to === sent.from && body.size > 0) return;
    const machineId = owner?.machineId ?? (await peers.machineAt(address))?.id;
    if (machineId === undefined) return;
    const key = `${address} ${owner?.runId} ${owner?.round} ${name} ${body.etag}`;
    const tookMs = coverage.add(key, sent.from, sent.to, body.size, startedAt, clock.elapsed());
    if (tookMs === undefined) return;
    const run = owner === undefined ? {} : { attempt: owner.round };
    const data = { protocol: 'http', name, bytes: body.size, tookMs: Math.round(tookMs), ...run };
    const event: NewEvent = { type: 'file.served', source: 'http', data };
    sightings.saw(machineId, owner === undefined ? event : { ...event, runId: owner.runId });
  }

  function reportRefusal({ machineId, name, why }: Refused): void {
    if (machineId === undefined) return;
    sightings.saw(machineId, { type: 'file.refused', source: 'http', data: { protocol: 'http', name, why } });
  }

  async function refuse(response: ServerResponse, status: number, why: string): Promise<void> {
    meter.count('netboot_http_responses', { status: String(status) });
    const text = `${why}\n`;
    response.writeHead(status, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': Buffer.byteLength(text),
    });
    await ended(response, text);
  }

  async function answerOrReport(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await answer(request, response);
    } catch (error) {
      // The path holds a token, so it is left out of the log.
      const fields = { address: remoteAddress(request), error: errorText(error) };
      if (response.headersSent) {
        meter.count('netboot_http_aborted');
        log.debug(fields, 'boot file was not fetched to its end');
        response.destroy();
        return;
      }
      meter.count('netboot_http_responses', { status: '500' });
      log.error(fields, 'boot request failed');
      response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': 0 }).end();
    }
  }

  /** From the socket, not from the Host header, which is the client's word. Who came by HTTPS goes on by HTTPS. */
  function baseUrlOf({ socket }: IncomingMessage): string {
    if (options.baseUrl !== undefined) return options.baseUrl;
    const own = plainAddress(socket.localAddress);
    const port = socket.localPort ?? 80;
    const httpsPort = socket instanceof TLSSocket ? port : options.httpsPort?.();
    return httpsPort === undefined ? bootBaseUrl(own, port) : bootBaseUrl(own, httpsPort, 'https');
  }

  return (request, response) => {
    const { socket } = request;
    if (turns.take(socket, () => answerOrReport(request, response))) return;
    meter.count('netboot_http_dropped', { why: 'pipelined' });
    socket.destroy();
  };
}

/** Whether bytes follow the head; where they end is what smuggled requests are about, so none are read. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || !/^0*$/.test(headers['content-length'] ?? '');
}

/** The peer's address; IPv4 as IPv4 also where the server listens on an IPv6 socket. */
function remoteAddress(request: IncomingMessage): string {
  return plainAddress(request.socket.remoteAddress);
}
