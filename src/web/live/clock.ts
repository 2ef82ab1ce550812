import { useCallback, useSyncExternalStore } from 'react';

/** Below this the clocks count as equal: the header has whole seconds, and answers take their time. */
const SKEW_MS = 3000;
let offsetMs = 0;

/** Times on the page are the service's; a browser whose clock is off must not show negative ages. */
export function noteServerTime(date: string | null): void {
  const at = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(at)) return;
  const difference = at - Date.now();
  offsetMs = Math.abs(difference) > SKEW_MS ? difference : 0;
}

/** Epoch ms by the service's clock. */
export function serverNow(): number {
  return Date.now() + offsetMs;
}

const ticks = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function onTick(hear: () => void): () => void {
  ticks.add(hear);
  timer ??= setInterval(() => {
    for (const each of ticks) each();
  }, 1000);
  return () => {
    ticks.delete(hear);
    if (ticks.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/**
 * A text that depends on the time. Looked at every second, drawn only when it differs: of a thousand ages on a page
 * a handful change in a second.
 */
export function useTimed(text: (now: number) => string): string {
  const snapshot = useCallback(() => text(serverNow()), [text]);
  return useSyncExternalStore(onTick, snapshot);
}
