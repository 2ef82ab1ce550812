import type { Component } from './component.ts';

/** Runs components under one signal that fires when the caller's does or when any of them ends. */
export function startTogether(signal: AbortSignal) {
  const over = new AbortController();
  const together = AbortSignal.any([signal, over.signal]);
  const running: Promise<void>[] = [];
  function add(part: (signal: AbortSignal) => Promise<void>): void {
    const run = part(together).finally(() => over.abort());
    run.catch(() => undefined);
    running.push(run);
  }
  return {
    add,
    async start<Bound>(component: Component<Bound>): Promise<Bound> {
      add((within) => component.run(within));
      return component.ready;
    },
    /** Settles when all have ended; rejects with the first fault. */
    ended: async (): Promise<void> => void (await Promise.all(running)),
    async stop(): Promise<void> {
      over.abort();
      await Promise.allSettled(running);
    },
  };
}
