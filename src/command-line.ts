import { parseArgs } from 'node:util';
import { ConfigError, errorText } from './foundation/errors.ts';

export type CommandLine = {
  /** Path of the configuration file; undefined for the environment's or the defaults. */
  readonly config: string | undefined;
  /** Only read the configuration and say what is wrong with it. */
  readonly check: boolean;
  readonly help: boolean;
};

export const USAGE = `usage: npm start -- [--config FILE] [--check]
  --config FILE   configuration, YAML or JSON; default: $BOOTWRIGHT_CONFIG
  --check         only read the configuration, say what is wrong with it, and end`;

/** @throws ConfigError for words that are not understood */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        config: { type: 'string', short: 'c' },
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return { config: values.config, check: values.check, help: values.help };
  } catch (error) {
    throw new ConfigError(`${errorText(error)}\n${USAGE}`, { cause: error });
  }
}
