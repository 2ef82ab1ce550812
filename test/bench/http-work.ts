/** What the HTTP measurement's processes agree on. */
export const HTTP_NET = 92;
export const HTTP_CLIENTS = 100;
export const HTTP_FILE_BYTES = 60 * 1024 * 1024;

/** What the client process is asked to fetch, each path from an address and over a connection of its own. */
export type HttpClientOrder = {
  readonly address: string;
  readonly port: number;
  readonly requests: readonly { readonly from: string; readonly path: string }[];
  /** Answers with another length than this are a fault; 0: any. */
  readonly bytes: number;
};

export type HttpClientReport = {
  /** From the first connection to the last byte, ms. */
  readonly totalMs: number;
  /** Bytes of bodies. */
  readonly bytes: number;
  /** From a request to the first byte of its answer, ms, on a connection that is open. */
  readonly firstByteMs: readonly number[];
  /** Share of one processor that the client itself took. */
  readonly cpu: number;
};
