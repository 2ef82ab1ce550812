import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NewEvent } from '../../domain/event.ts';
import type { Clock } from '../../foundation/clock.ts';
import { errorText, InvalidRequestError, unreachableCase } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Meter } from '../../foundation/meter.ts';
import type { AssetCatalog } from '../assets/catalog.ts';
import type { FileCache } from '../assets/file-cache.ts';
import type { LoaderFile } from '../assets/loaders.ts';
import { bootBaseUrl, initrdName, KERNEL_NAME, SCRIPT_NAME } from '../boot-urls.ts';
import type { Peers } from '../peers.ts';
import type { Sightings } from '../sightings.ts';
import { type AccessDeps, createAccess } from './access.ts';
import { type BootScriptOptions, bootScript } from './boot-script.ts';
import { createCoverage } from './coverage.ts';
import { type BootRoute, bootRoute } from './route.ts';
import { type Body, ended, type Sent, sendBody } from './send-file.ts';

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

/** Something that can be served, and whose timeline its sightings go to. */
type Served = {
  readonly name: string;
  readonly body: Body;
  readonly owner?: { readonly machineId: string; readonly runId: string; readonly round: number };
};
type Refused = {
  readonly status: 403 | 404 | 410 | 500;
  readonly why: string;
  readonly name: string;
  readonly machineId?: string;
};

/** Answers machines that boot over HTTP. It takes requests from any server, so that it can be mounted elsewhere too. */
export function createBootHandler(deps: BootHandlerDeps, options: BootHandlerOptions): BootHandler {
  const { clock, log, meter, catalog, cache, loaders, peers, sightings } = deps;
  const access = createAccess(deps);
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

  async function attemptFile(
    route: Exclude<BootRoute, { kind: 'loader' }>,
    address: string,
    baseUrl: string,
  ): Promise<Served | Refused> {
    const name = nameOf(route);
    const granted = await access(route.token, address);
    if (granted.kind === 'denied') return { ...granted, name };
    const { attempt, machine } = granted;
    const owner = { machineId: machine.id, runId: attempt.runId, round: attempt.round };
    if (route.kind === 'script') {
      try {
        const text = Buffer.from(bootScript(baseUrl, machine, attempt, options), 'utf8');
        warm([attempt.boot.kernel, ...attempt.boot.initrds]);
        const etag = `"${createHash('sha256').update(text).digest('hex')}"`;
        return {
          name,
          owner,
          body: { size: text.length, type: 'text/plain; charset=utf-8', etag, source: { data: text } },
        };
      } catch (error) {
        if (!(error instanceof InvalidRequestError)) throw error;
        return { status: 500, why: error.message, name, machineId: machine.id };
      }
    }
    const assetName = route.kind === 'kernel' ? attempt.boot.kernel : attempt.boot.initrds[route.index];
    const asset = assetName === undefined ? undefined : await catalog.find(assetName);
    if (asset === undefined) {
      const why =
        assetName === undefined ? `there is no initrd ${name}` : `the file ${assetName} is not in the asset folders`;
      return { status: 404, why, name, machineId: machine.id };
    }
    const etag = `"${await catalog.sha256(asset)}"`;
    const data = await cache.get(asset);
    const source = data === undefined ? { path: asset.path } : { data };
    return { name, owner, body: { size: asset.bytes, type: 'application/octet-stream', etag, source } };
  }

  /** Starts hashing what the script will make the machine ask for next; the answers then need not wait. */
  function warm(names: readonly string[]): void {
    for (const name of names) {
      catalog
        .find(name)
        .then((asset) => (asset === undefined ? undefined : catalog.sha256(asset)))
        .catch((error: unknown) => log.warn({ name, error: errorText(error) }, 'asset could not be read ahead'));
    }
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

function nameOf(route: Exclude<BootRoute, { kind: 'loader' }>): string {
  switch (route.kind) {
    case 'script':
      return SCRIPT_NAME;
    case 'kernel':
      return KERNEL_NAME;
    case 'initrd':
      return initrdName(route.index);
    default:
      return unreachableCase(route, 'boot route');
  }
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
