/** What a request path means. */
export type BootRoute =
  | { readonly kind: 'script'; readonly token: string }
  | { readonly kind: 'kernel'; readonly token: string }
  | { readonly kind: 'initrd'; readonly token: string; readonly index: number }
  /** What an own script fetches, by its name. */
  | { readonly kind: 'file'; readonly token: string; readonly name: string }
  | { readonly kind: 'loader'; readonly name: string };

const ATTEMPT =
  /^\/boot\/([0-9a-z]{16,64})\/(?:(script\.ipxe)|(kernel)|initrd\/(\d{1,3})|files\/([\w@+:.~/-]{1,255}))$/;
const LOADER = /^\/loaders\/([A-Za-z0-9][A-Za-z0-9._-]*)$/;

/**
 * Reads a request target. The path is compared as it came: nothing in it is decoded, so no spelling of `..` means
 * anything here, and what does not match is not there.
 */
export function bootRoute(target: string): BootRoute | undefined {
  const path = target.split('?', 1)[0] ?? '';
  const loader = LOADER.exec(path)?.[1];
  if (loader !== undefined) return { kind: 'loader', name: loader };
  const match = ATTEMPT.exec(path);
  const token = match?.[1];
  if (match === null || token === undefined) return undefined;
  if (match[2] !== undefined) return { kind: 'script', token };
  if (match[3] !== undefined) return { kind: 'kernel', token };
  if (match[5] !== undefined) return { kind: 'file', token, name: match[5] };
  return { kind: 'initrd', token, index: Number(match[4]) };
}
