/** How the command ends, for scripts. */
export const EXIT = {
  ok: 0,
  /** The run failed, or the service refused the request. */
  failed: 1,
  /** The words of the command line, or a file named there, cannot be used. */
  usage: 2,
  /** The run was cancelled. */
  cancelled: 3,
  /** The service could not be reached. */
  unreachable: 4,
  /** No token, an unknown one, or one that may not do this. */
  denied: 5,
  /** Ctrl-C while watching: 128 and SIGINT, as shells have it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with a message and a code. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  /** More lines for people: what can be done, what is wrong in detail. */
  readonly lines: readonly string[];

  constructor(exitCode: ExitCode, message: string, lines: readonly string[] = []) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.lines = lines;
  }
}
