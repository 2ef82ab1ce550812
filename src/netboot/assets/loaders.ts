import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoaderNames } from '../../domain/boot-policy.ts';
import { ConfigError, errorText } from '../../foundation/errors.ts';

/** One loader, whole in memory: they are a megabyte at most and everyone asks for the same. */
export type LoaderFile = { readonly name: string; readonly data: Buffer; readonly sha256: string };

export type Loaders = {
  /** Which file an architecture is offered. */
  readonly names: LoaderNames;
  /** Every file that may be served, by its name. */
  readonly files: ReadonlyMap<string, LoaderFile>;
};

type LoaderRow = {
  readonly file: string;
  readonly architectures: readonly number[];
  readonly source: string;
  readonly package: string;
};

/** `boot-assets/loaders.json` of this package. */
export const LOADER_MAP = new URL('../../../boot-assets/loaders.json', import.meta.url);

/**
 * Reads the loader map and every file it names.
 * @param folder where the files lie; undefined: where the distribution's packages put them
 * @throws ConfigError naming the file, and the package that brings it
 */
export async function loadLoaders(folder: string | undefined, map: URL = LOADER_MAP): Promise<Loaders> {
  const rows = parseLoaderMap(await readText(map));
  const files = new Map<string, LoaderFile>();
  const names = new Map<number, string>();
  for (const row of rows) {
    const data = await readLoader(row, folder);
    files.set(row.file, { name: row.file, data, sha256: createHash('sha256').update(data).digest('hex') });
    for (const architecture of row.architectures) names.set(architecture, row.file);
  }
  return { names, files };
}

/** @throws ConfigError when the map is not as boot-assets/README.md says */
export function parseLoaderMap(text: string): readonly LoaderRow[] {
  const wrong = (why: string): ConfigError => new ConfigError(`boot-assets/loaders.json: ${why}`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw wrong(`is not JSON: ${errorText(error)}`);
  }
  if (!isObject(document) || !Array.isArray(document.loaders)) throw wrong('has no list "loaders"');
  const rows: unknown[] = document.loaders;
  const taken = new Map<number, string>();
  return rows.map((row, index) => {
    if (!isLoaderRow(row)) throw wrong(`loader ${index + 1} needs file, architectures, source and package`);
    for (const architecture of row.architectures) {
      const other = taken.get(architecture);
      if (other !== undefined) throw wrong(`architecture ${architecture} is given to ${other} and to ${row.file}`);
      taken.set(architecture, row.file);
    }
    return row;
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isLoaderRow(value: unknown): value is LoaderRow {
  if (!isObject(value)) return false;
  const { file, architectures, source, package: from } = value;
  const plainName = typeof file === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(file);
  const numbers = Array.isArray(architectures) && architectures.every((each) => Number.isInteger(each));
  return plainName && numbers && typeof source === 'string' && typeof from === 'string';
}

async function readLoader(row: LoaderRow, folder: string | undefined): Promise<Buffer> {
  const path = folder === undefined ? row.source : join(folder, row.file);
  try {
    return await readFile(path);
  } catch (cause) {
    const remedy = folder === undefined ? `install the package "${row.package}"` : `put ${row.file} there`;
    throw new ConfigError(
      `network boot loader ${path}: ${errorText(cause)}; ${remedy}, or set netboot.loaders to a folder that has it`,
      {
        cause,
        details: { path, package: row.package },
      },
    );
  }
}

async function readText(url: URL): Promise<string> {
  try {
    return await readFile(url, 'utf8');
  } catch (cause) {
    throw new ConfigError(`boot-assets/loaders.json: ${errorText(cause)}`, { cause });
  }
}
