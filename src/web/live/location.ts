import { useSyncExternalStore } from 'react';

/** Where one can be in the application. */
export type Place =
  | { readonly page: 'fleet' }
  | { readonly page: 'machine'; readonly name: string }
  | { readonly page: 'run'; readonly id: string }
  | { readonly page: 'assets' }
  | { readonly page: 'discovered' }
  | { readonly page: 'nowhere'; readonly path: string };

const listeners = new Set<() => void>();

function onMove(hear: () => void): () => void {
  listeners.add(hear);
  window.addEventListener('popstate', hear);
  return () => {
    listeners.delete(hear);
    window.removeEventListener('popstate', hear);
  };
}

export function placeOf(path: string): Place {
  const [first = '', second = '', ...more] = path.split('/').slice(1);
  const what = decoded(second);
  if (first === '') return { page: 'fleet' };
  if (first === 'machines' && what !== '' && more.length === 0) return { page: 'machine', name: what };
  if (first === 'runs' && what !== '' && more.length === 0) return { page: 'run', id: what };
  if (first === 'discovered' && second === '' && more.length === 0) return { page: 'discovered' };
  // `/assets` is where the pages' own scripts and styles are.
  if (first === 'boot-assets' && second === '' && more.length === 0) return { page: 'assets' };
  return { page: 'nowhere', path };
}

/** Addresses are typed by people too: a broken escape is no place, not a broken page. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

export function usePath(): string {
  return useSyncExternalStore(onMove, () => window.location.pathname);
}

/** One value of the query, '' when absent. Changing it replaces the history's entry: typing is not travelling. */
export function useQuery(key: string): [string, (value: string) => void] {
  const value = useSyncExternalStore(onMove, () => new URLSearchParams(window.location.search).get(key) ?? '');
  const set = (next: string): void => {
    const query = new URLSearchParams(window.location.search);
    if (next === '') query.delete(key);
    else query.set(key, next);
    const text = query.toString();
    window.history.replaceState(null, '', window.location.pathname + (text === '' ? '' : `?${text}`));
    for (const hear of listeners) hear();
  };
  return [value, set];
}

export function goTo(path: string): void {
  window.history.pushState(null, '', path);
  window.scrollTo(0, 0);
  for (const hear of listeners) hear();
}

export const machinePath = (name: string): string => `/machines/${encodeURIComponent(name)}`;
export const runPath = (id: string): string => `/runs/${encodeURIComponent(id)}`;
