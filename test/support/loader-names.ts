import type { LoaderNames } from '../../src/domain/boot/loader-names.ts';

/** Loader names for the policy: option 93 → file names, with sizes where the test looks at them. */
export function loaderNames(
  byArchitecture: Readonly<Record<number, readonly string[]>>,
  more: { readonly sizes?: Readonly<Record<string, number>>; readonly missing?: Readonly<Record<number, string>> } = {},
): LoaderNames {
  const numbered = <T>(record: Readonly<Record<number, T>>) =>
    new Map(Object.entries(record).map(([key, value]) => [Number(key), value]));
  const names = Object.values(byArchitecture).flat();
  return {
    byArchitecture: numbered(byArchitecture),
    missing: numbered(more.missing ?? {}),
    sizes: new Map(Object.entries(more.sizes ?? Object.fromEntries(names.map((name) => [name, 1000])))),
  };
}
