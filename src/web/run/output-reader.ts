import { request } from '../api/client.ts';

/** What lies further back than this when reading begins is left out. */
const FIRST_READ_BYTES = 512 * 1024;

export type OutputReader = {
  /** Reads on until `end` says that nothing more is known of; `hear` gets each piece and how many bytes were left out. */
  readTo(end: () => number, hear: (text: string, skipped: number) => void): Promise<void>;
};

/** Reads a step's output once from one end to the other, by byte offsets, so that no byte is missed or doubled. */
export function createOutputReader(path: string, signal: AbortSignal): OutputReader {
  // Characters may be cut by the pieces' borders; the decoder keeps the first half.
  const decoder = new TextDecoder();
  let next: number | undefined;
  let skipped = 0;
  return {
    async readTo(end, hear) {
      if (next === undefined) {
        next = Math.max(0, end() - FIRST_READ_BYTES);
        skipped = next;
      }
      while (next < end()) {
        const response = await request('GET', `${path}&from=${next}`, { signal });
        const bytes = await response.arrayBuffer();
        if (bytes.byteLength === 0) return;
        next += bytes.byteLength;
        hear(decoder.decode(bytes, { stream: true }), skipped);
      }
    },
  };
}
