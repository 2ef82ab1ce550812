/** Longest wait of a page that draws no frames (hidden tabs), milliseconds. */
const NO_FRAME_MS = 250;

/** Joins calls until the next frame into one: a burst of events is drawn once. */
export function createBatch(flush: () => void): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    const run = (): void => {
      if (!waiting) return;
      waiting = false;
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      flush();
    };
    const frame = requestAnimationFrame(run);
    const timer = setTimeout(run, NO_FRAME_MS);
  };
}
