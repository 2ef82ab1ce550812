/** What a log line may carry; secrets print as placeholders because {@link Secret} says so itself. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * The log tells developers why; the timeline tells operators what happened. Codecs never log.
 * The implementation (pino) is made in `main`, so nothing else depends on it.
 */
export type Log = {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A log whose every line carries these fields too: `machineId`, `runId`, `part`. */
  child(fields: LogFields): Log;
};

/** Swallows everything: the default of tests and of library use. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};
