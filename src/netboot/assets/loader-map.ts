import { ConfigError, errorText } from '../../foundation/errors.ts';

/** One row of a loader map; what each field means is in `boot-assets/README.md`. */
export type LoaderRow = {
  readonly file: string;
  /** Option 93 values; of several rows for one value the earlier is offered first. */
  readonly architectures: readonly number[];
  /** Where the distribution's package puts it; absent: it comes from the configured folder only. */
  readonly source?: string;
  readonly package?: string;
  /** Its absence is no error; its architectures are then not supported. */
  readonly optional?: boolean;
  /** Part of the signed chain; not looked at with `netboot.secureBoot: off`. */
  readonly secureBoot?: boolean;
};

/** @throws ConfigError when the map is not as boot-assets/README.md says */
export function parseLoaderMap(text: string, name = 'boot-assets/loaders.json'): readonly LoaderRow[] {
  const wrong = (why: string): ConfigError => new ConfigError(`${name}: ${why}`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw wrong(`is not JSON: ${errorText(error)}`);
  }
  if (!isObject(document) || !Array.isArray(document.loaders)) throw wrong('has no list "loaders"');
  const rows: unknown[] = document.loaders;
  const files = new Set<string>();
  return rows.map((row, index) => {
    if (!isLoaderRow(row)) {
      throw wrong(
        `loader ${index + 1} needs file and architectures; source with package, optional and secureBoot may follow`,
      );
    }
    if (files.has(row.file)) throw wrong(`${row.file} is there twice`);
    files.add(row.file);
    return row;
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isLoaderRow(value: unknown): value is LoaderRow {
  if (!isObject(value)) return false;
  const { file, architectures, source, package: from, optional, secureBoot } = value;
  // Both TFTP and HTTP serve it under this name, and a DHCP message has to hold it.
  const plainName = typeof file === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(file);
  const numbers = Array.isArray(architectures) && architectures.every(isArchitecture);
  const places = source === undefined ? from === undefined : typeof source === 'string' && typeof from === 'string';
  return plainName && numbers && places && isFlag(optional) && isFlag(secureBoot);
}

function isArchitecture(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff;
}

function isFlag(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean';
}
