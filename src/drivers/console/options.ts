export type ConsoleOptions = {
  /** Viewers of one machine. Default 32. */
  readonly mostViewers?: number;
  /** Lines open at the same time, those for recording included. Default 1000. */
  readonly mostLines?: number;
  /** Output of a line that is kept in memory. Default 256 KiB. */
  readonly scrollBackBytes?: number;
  /** What a viewer gets of it that does not say from where. Default 64 KiB. */
  readonly firstBytes?: number;
  /** How long a line stays open after the last viewer. Default 30 s. */
  readonly lingerMs?: number;
  /** Text is stored at the latest so long after it came. Default 250 ms. */
  readonly flushMs?: number;
  /** … or when there is so much of it. Default 16 KiB. */
  readonly batchBytes?: number;
  /** Between two tries to open a console that is to be recorded. Default 30 s. */
  readonly recordRetryMs?: number;
  /** All machines are looked at this often, in case a change was not told. Default 60 s. */
  readonly lookMs?: number;
};

export type ConsoleSettings = Required<ConsoleOptions>;

export function consoleSettings(options: ConsoleOptions): ConsoleSettings {
  return {
    mostViewers: 32,
    mostLines: 1000,
    scrollBackBytes: 256 * 1024,
    firstBytes: 64 * 1024,
    lingerMs: 30_000,
    flushMs: 250,
    batchBytes: 16 * 1024,
    recordRetryMs: 30_000,
    lookMs: 60_000,
    ...options,
  };
}
