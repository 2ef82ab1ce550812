/** What the service takes from its environment, read once at start. */
export type Environment = {
  /** BOOTWRIGHT_CONFIG: the configuration file, when the command line names none. */
  readonly configFile: string | undefined;
  /**
   * All variables as they were at start, for secrets: `env:NAME`, and `credential:NAME` by $CREDENTIALS_DIRECTORY. Never logged,
   * never handed to a child process.
   */
  readonly variables: Readonly<Record<string, string>>;
};

/**
 * Reads the environment; nothing else of the service does.
 * @param variables the process's own unless a test hands in others; copied, so later changes are not seen
 */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const copy: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) if (value !== undefined) copy[name] = value;
  return Object.freeze({
    configFile: nonEmpty(copy.BOOTWRIGHT_CONFIG),
    variables: Object.freeze(copy),
  });
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
