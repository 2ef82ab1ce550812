import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GRUB_CONFIG_NAME } from '../../domain/boot/grub-names.ts';
import type { LoaderNames } from '../../domain/boot/loader-names.ts';
import { ConfigError, errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { type LoaderRow, parseLoaderMap } from './loader-map.ts';
import { servedScripts } from './served-scripts.ts';

/** One loader, whole in memory: they are a few megabytes at most and everyone asks for the same. */
export type LoaderFile = { readonly name: string; readonly data: Buffer; readonly sha256: string };

export type Loaders = {
  /** Which files an architecture is offered. */
  readonly names: LoaderNames;
  /** Every file that may be served, by its name: loaders, what they load next, and the scripts that are the same for all. */
  readonly files: ReadonlyMap<string, LoaderFile>;
  /** GRUB may be the second stage of the signed chain, and the operator has no grub.cfg for it. */
  readonly grubByMachine: boolean;
};

export type LoaderOptions = {
  /** `on`: UEFI clients are offered the signed chain (shim). Default `off`. */
  readonly secureBoot?: 'off' | 'on';
  /** Told of optional files that are not there. */
  readonly log?: Pick<Log, 'info'>;
};

/** `boot-assets/loaders.json` of this package. */
export const LOADER_MAP = new URL('../../../boot-assets/loaders.json', import.meta.url);

/**
 * Reads the loader map and every file it names.
 * @param folder where the files lie, and a `loaders.json` to be used instead of ours where there is one; undefined: where the
 *   distribution's packages put them
 * @throws ConfigError naming the file, and the package that brings it
 */
export async function loadLoaders(
  folder: string | undefined,
  map: URL = LOADER_MAP,
  { secureBoot = 'off', log }: LoaderOptions = {},
): Promise<Loaders> {
  const signed = secureBoot === 'on';
  const rows = (await readMap(folder, map)).filter((row) => signed || row.secureBoot !== true);
  const files = new Map<string, LoaderFile>();
  const add = (name: string, data: Buffer): void => {
    files.set(name, { name, data, sha256: createHash('sha256').update(data).digest('hex') });
  };
  for (const [name, text] of servedScripts(signed)) add(name, Buffer.from(text, 'latin1'));
  const absent: LoaderRow[] = [];
  const there = (name: string): boolean =>
    rows.some(({ file }) => file === name) && !absent.some(({ file }) => file === name);
  for (const row of rows) {
    const data = await readLoader(row, folder);
    if (data === undefined) absent.push(row);
    else add(row.file, data);
  }
  const names = namesOf(rows, files, folder);
  for (const { file, architectures } of absent) {
    if (architectures.length > 0) log?.info({ file, architectures }, 'optional boot loader is not there');
  }
  const grubByMachine = signed && !there(GRUB_CONFIG_NAME);
  return { names, files, grubByMachine };
}

/**
 * The lists of loaders by architecture. Where a signed chain is there it is the whole list: nothing in DHCP says whether Secure Boot
 * is on, and a shim boots either way, while an unsigned loader ends in a security violation.
 */
function namesOf(rows: readonly LoaderRow[], files: Loaders['files'], folder: string | undefined): LoaderNames {
  const byArchitecture = new Map<number, string[]>();
  const missing = new Map<number, string>();
  const there = rows.filter(({ file }) => files.has(file));
  const signed = new Set(there.filter(({ secureBoot }) => secureBoot === true).flatMap((row) => row.architectures));
  for (const row of there) {
    for (const architecture of row.architectures) {
      if (signed.has(architecture) && row.secureBoot !== true) continue;
      byArchitecture.set(architecture, [...(byArchitecture.get(architecture) ?? []), row.file]);
    }
  }
  for (const row of rows) {
    for (const architecture of row.architectures) {
      if (!byArchitecture.has(architecture) && !missing.has(architecture))
        missing.set(architecture, `${row.file} is not there: ${remedyOf(row, folder)}`);
    }
  }
  return { byArchitecture, missing, sizes: new Map([...files].map(([name, { data }]) => [name, data.length])) };
}

async function readMap(folder: string | undefined, map: URL): Promise<readonly LoaderRow[]> {
  const own = folder === undefined ? undefined : join(folder, 'loaders.json');
  const ownText = own === undefined ? undefined : await readText(own, true);
  if (own !== undefined && ownText !== undefined) return parseLoaderMap(ownText, own);
  return parseLoaderMap((await readText(map, false)) ?? '');
}

/** @returns undefined when it is not there and may be absent */
async function readText(path: string | URL, mayBeAbsent: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (mayBeAbsent && isAbsence(cause)) return undefined;
    throw new ConfigError(`loader map ${String(path)}: ${errorText(cause)}`, { cause });
  }
}

async function readLoader(row: LoaderRow, folder: string | undefined): Promise<Buffer | undefined> {
  const path = folder === undefined ? row.source : join(folder, row.file);
  if (path === undefined && row.optional === true) return undefined;
  try {
    if (path === undefined) throw new ConfigError('it comes with no package');
    return await readFile(path);
  } catch (cause) {
    if (row.optional === true && isAbsence(cause)) return undefined;
    throw new ConfigError(`network boot loader ${path ?? row.file}: ${errorText(cause)}; ${remedyOf(row, folder)}`, {
      cause,
      details: { path: path ?? null, package: row.package ?? null },
    });
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function remedyOf(row: LoaderRow, folder: string | undefined): string {
  if (folder !== undefined) return `put ${row.file} there, or set netboot.loaders to a folder that has it`;
  const own = 'set netboot.loaders to a folder that has it';
  return row.package === undefined ? own : `install the package "${row.package}", or ${own}`;
}
