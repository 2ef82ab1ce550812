import { useCallback, useEffect, useState } from 'react';
import { call } from '../api/client.ts';
import { isAbort } from '../api/problem.ts';

export type Loaded<T> = { readonly value: T | undefined; readonly error: unknown; readonly reload: () => void };

/** Reads a resource, again when its path or `version` changes; the old value stays until the new one is there. */
export function useLoaded<T>(path: string, version = ''): Loaded<T> {
  const [state, setState] = useState<{ path: string; value?: T; error?: unknown }>({ path });
  const [asked, setAsked] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: version and asked are reasons to read again, not inputs
  useEffect(() => {
    const gone = new AbortController();
    call<T>('GET', path, { signal: gone.signal }).then(
      (value) => setState({ path, value }),
      (error: unknown) => {
        if (!isAbort(error)) setState((before) => ({ ...(before.path === path ? before : {}), path, error }));
      },
    );
    return () => gone.abort();
  }, [path, version, asked]);
  const reload = useCallback(() => setAsked((count) => count + 1), []);
  const current = state.path === path;
  return { value: current ? state.value : undefined, error: current ? state.error : undefined, reload };
}
