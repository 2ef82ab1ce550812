import type { LoaderFile } from '../assets/loaders.ts';

export type NameLookup =
  | { readonly kind: 'found'; readonly file: LoaderFile }
  | { readonly kind: 'missing' }
  /** Leaves the served tree or holds control characters. */
  | { readonly kind: 'forbidden' };

/**
 * Finds a file by the name a client asked for, in an explicit list and never in a file system. Firmware writes names
 * with `\`, with leading and doubled `/`, in the wrong case, and shim after a wrong directory (rhboot/shim#649): the
 * last part alone is good enough.
 */
export function findByName(asked: string, files: ReadonlyMap<string, LoaderFile>): NameLookup {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing control characters is the point
  if (/[\u0000-\u001f\u007f]/.test(asked)) return { kind: 'forbidden' };
  const parts = asked
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return { kind: 'forbidden' };
  const last = parts.at(-1) ?? '';
  for (const name of [parts.join('/'), last, last.toLowerCase()]) {
    const file = files.get(name);
    if (file !== undefined) return { kind: 'found', file };
  }
  return { kind: 'missing' };
}
