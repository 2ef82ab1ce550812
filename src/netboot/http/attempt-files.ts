import { createHash } from 'node:crypto';
import { type ArmedBoot, assetNamesOf } from '../../domain/armed-boot.ts';
import { InvalidRequestError, unreachableCase } from '../../foundation/errors.ts';
import { initrdName, KERNEL_NAME, SCRIPT_NAME } from '../boot-urls.ts';
import type { Access } from './access.ts';
import { type BootScriptOptions, bootScript } from './boot-script.ts';
import { createReadAhead, type ReadAheadDeps } from './read-ahead.ts';
import type { BootRoute } from './route.ts';
import type { Body } from './send-file.ts';

/** Something that can be served, and whose timeline its sightings go to. */
export type Served = {
  readonly name: string;
  readonly body: Body;
  /** The attempt has no file after it. */
  readonly last?: boolean;
  readonly owner?: { readonly machineId: string; readonly runId: string; readonly round: number };
};

/** Something that cannot, and the reason that is shown on the machine's screen. */
export type Refused = {
  readonly status: 403 | 404 | 410 | 500;
  readonly why: string;
  readonly name: string;
  readonly machineId?: string;
};

/** A route that belongs to an attempt. */
export type AttemptRoute = Exclude<BootRoute, { kind: 'loader' }>;

type Granted = Extract<Access, { kind: 'granted' }>;

export type AttemptFilesDeps = ReadAheadDeps;

/** Turns a route of an attempt whose bearer was let in into what is sent for it. */
export type AttemptFiles = (route: AttemptRoute, granted: Granted, baseUrl: string) => Promise<Served | Refused>;

/** @param options how scripts are written */
export function createAttemptFiles(deps: AttemptFilesDeps, options: BootScriptOptions): AttemptFiles {
  const { catalog, cache } = deps;

  const readAhead = createReadAhead(deps);

  return async (route, { attempt, machine }, baseUrl) => {
    const name = nameOf(route);
    const owner = { machineId: machine.id, runId: attempt.runId, round: attempt.round };
    if (route.kind === 'script') {
      if ('localDisk' in attempt.boot && attempt.boot.localDisk === '404') {
        return { status: 404, why: 'this machine boots from its own disk', name, machineId: machine.id };
      }
      try {
        const text = Buffer.from(bootScript(baseUrl, machine, attempt, options), 'utf8');
        readAhead(assetNamesOf(attempt.boot), machine.id);
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
    const assetName = assetNameOf(route, attempt.boot);
    const asset = assetName === undefined ? undefined : await catalog.find(assetName);
    if (asset === undefined) {
      const why =
        assetName === undefined
          ? `this boot attempt has no ${name}`
          : `the file ${assetName} is neither an uploaded asset nor in the asset folders`;
      return { status: 404, why, name, machineId: machine.id };
    }
    const etag = `"${await catalog.sha256(asset)}"`;
    const data = await cache.get(asset, machine.id);
    const source = data === undefined ? { path: asset.path } : { data };
    const body = { size: asset.bytes, type: 'application/octet-stream', etag, source };
    return { name, owner, body, last: isLast(route, attempt.boot) };
  };
}

/** The asset behind a route; undefined when this boot has nothing there. */
function assetNameOf(route: Exclude<AttemptRoute, { kind: 'script' }>, boot: ArmedBoot): string | undefined {
  if (route.kind === 'file') return 'script' in boot ? boot.files.find((file) => file === route.name) : undefined;
  if ('script' in boot || 'localDisk' in boot) return undefined;
  return route.kind === 'kernel' ? boot.kernel : boot.initrds[route.index];
}

/** Boot loaders fetch the kernel, then its initrds in their order; what a script of the operator's fetches is its own affair. */
function isLast(route: AttemptRoute, boot: ArmedBoot): boolean {
  if ('script' in boot || 'localDisk' in boot) return false;
  const index = route.kind === 'initrd' ? route.index : -1;
  return route.kind !== 'script' && index === boot.initrds.length - 1;
}

/** What the timeline calls it. */
export function nameOf(route: AttemptRoute): string {
  switch (route.kind) {
    case 'script':
      return SCRIPT_NAME;
    case 'kernel':
      return KERNEL_NAME;
    case 'initrd':
      return initrdName(route.index);
    case 'file':
      return `files/${route.name}`;
    default:
      return unreachableCase(route, 'boot route');
  }
}
