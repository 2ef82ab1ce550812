/** What the service takes from its environment, read once at start. */
export type Environment = {
  /** BOOTWRIGHT_CONFIG: the configuration file, when the command line names none. */
  readonly configFile: string | undefined;
  /**
   * All variables as they were at start, for secrets: `env:NAME`, and `credential:NAME` by $CREDENTIALS_DIRECTORY. Never logged,
   * never handed to a child process.
   */
  readonly variables: Readonly<Record<string, string>>;
  /** Sockets that systemd opened for us, with the names of their units (FileDescriptorName=). */
  readonly inheritedSockets: readonly InheritedSocket[];
};

/** A descriptor that was open when the service was started. */
export type InheritedSocket = { readonly fd: number; readonly name: string };

/** SD_LISTEN_FDS_START: the first three are the standard streams. */
const FIRST_INHERITED = 3;
/** No unit has more; a count beyond is not systemd's. */
const MOST_INHERITED = 1024;

/**
 * Reads the environment; nothing else of the service does.
 * @param variables the process's own unless a test hands in others; copied, so later changes are not seen
 * @param processId the process's own; inherited sockets are for the process that LISTEN_PID names, not for its children
 */
export function readEnvironment(
  variables: NodeJS.ProcessEnv = process.env,
  processId: number = process.pid,
): Environment {
  const copy: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) if (value !== undefined) copy[name] = value;
  return Object.freeze({
    configFile: nonEmpty(copy.BOOTWRIGHT_CONFIG),
    variables: Object.freeze(copy),
    inheritedSockets: Object.freeze(inheritedSockets(copy, processId)),
  });
}

/** @see sd_listen_fds(3): LISTEN_PID, LISTEN_FDS, and LISTEN_FDNAMES separated by colons */
function inheritedSockets(variables: Readonly<Record<string, string>>, processId: number): InheritedSocket[] {
  const count = Number(variables.LISTEN_FDS);
  if (variables.LISTEN_PID !== String(processId)) return [];
  if (!Number.isInteger(count) || count < 1 || count > MOST_INHERITED) return [];
  const names = (variables.LISTEN_FDNAMES ?? '').split(':');
  return Array.from({ length: count }, (_, index) => ({
    fd: FIRST_INHERITED + index,
    name: nonEmpty(names[index]) ?? 'unknown',
  }));
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
