import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NewEvent } from '../../domain/event.ts';
import type { Clock } from '../../foundation/clock.ts';
import { errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Meter } from '../../foundation/meter.ts';
import type { AssetCatalog } from '../assets/catalog.ts';
import type { FileCache } from '../assets/file-cache.ts';
import type { LoaderFile } from '../assets/loaders.ts';
import { bootBaseUrl } from '../boot-urls.ts';
import type { Peers } from '../peers.ts';
import type { Sightings } from '../sightings.ts';
import { type AccessDeps, createAccess } from './access.ts';
import { type AttemptRoute, createAttemptFiles, nameOf, type Refused, type Served } from './attempt-files.ts';
import type { BootScriptOptions } from './boot-script.ts';
import { createCoverage } from './coverage.ts';
import { bootRoute } from './route.ts';
import { ended, type Sent, sendBody } from './send-file.ts';

export type BootHandlerDeps = AccessDeps & {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly catalog: AssetCatalog;
  readonly cache: FileCache;
  readonly loaders: ReadonlyMap<string, LoaderFile>;
  readonly peers: Peers;
  readonly sightings: Sightings;
};

export type BootHandlerOptions = BootScriptOptions & {
  /** What URLs in scripts begin with: `http://10.77.0.1:8480`. Default: the address and port the script was asked at. */
  readonly baseUrl?: string;
};

export type BootHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers machines that boot over HTTP. It takes requests from any server, so that it can be mounted elsewhere too. */
export function createBootHandler(deps: BootHandlerDeps, options: BootHandlerOptions): BootHandler {
  const { clock, log, meter, loaders, peers, sightings } = deps;
  const access = createAccess(deps);
  const attemptFiles = createAttemptFiles(deps, options);
  const coverage = createCoverage();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = clock.elapsed();
    const address = remoteAddress(request);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return refuse(response, 405, 'only GET and HEAD are answered here');
    }
    const route = bootRoute(request.url ?? '/');
    if (route === undefined) return refuse(response, 404, 'there is nothing by that name');
    const found =
      route.kind === 'loader'
        ? loader(route.name)
        : await attemptFile(route, address, options.baseUrl ?? baseUrlOf(request));
    if ('status' in found) {
      reportRefusal(found);
      return refuse(response, found.status, found.why);
    }
    const sent = await sendBody(request, response, found.body);
    await reportServed(found, sent, address, startedAt);
  }

  function loader(name: string): Served | Refused {
    const file = loaders.get(name);
    if (file === undefined) return { status: 404, why: 'there is no such loader', name };
    const type = name.endsWith('.efi') ? 'application/efi' : 'application/octet-stream';
    return { name, body: { size: file.data.length, type, etag: `"${file.sha256}"`, source: file } };
  }

  async function attemptFile(route: AttemptRoute, address: string, baseUrl: string): Promise<Served | Refused> {
    const granted = await access(route.token, address);
    if (granted.kind === 'denied') return { ...granted, name: nameOf(route) };
    return attemptFiles(route, granted, baseUrl);
  }

  async function reportServed(
    { name, owner, body }: Served,
    sent: Sent,
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

  return (request, response) => {
    answer(request, response).catch((error: unknown) => {
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
    });
  };
}

/** From the socket, not from the Host header, which is the client's word. */
function baseUrlOf({ socket }: IncomingMessage): string {
  return bootBaseUrl(plainAddress(socket.localAddress), socket.localPort ?? 80);
}

/** The peer's address; IPv4 as IPv4 also where the server listens on an IPv6 socket. */
function remoteAddress(request: IncomingMessage): string {
  return plainAddress(request.socket.remoteAddress);
}

function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '');
}
