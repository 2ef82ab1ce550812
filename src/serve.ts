import { readFileSync } from 'node:fs';
import { parseCommandLine, USAGE } from './command-line.ts';
import { runService } from './compose.ts';
import { readEnvironment } from './config/environment.ts';
import { loadConfig } from './config/load.ts';
import { errorText, ServiceError } from './foundation/errors.ts';
import { createPinoLog } from './pino-log.ts';

/** Exit code for a configuration that cannot be used, as sysexits(3) has it: systemd need not restart it. */
const EX_CONFIG = 78;

/** Reads words and configuration, runs the service, and tells the exit code. */
export async function serve(argv: readonly string[]): Promise<number> {
  const environment = readEnvironment();
  try {
    const words = parseCommandLine(argv);
    if (words.help) {
      console.log(USAGE);
      return 0;
    }
    const config = await loadConfig(words.config ?? environment.configFile);
    if (words.check) {
      console.log(`configuration is fine: ${config.machines.length} machines`);
      return 0;
    }
    const log = createPinoLog(config.log.level);
    await runService(
      {
        ...{ config, environment, log, version: readVersion() },
        onFirstToken: (token) => console.log(`admin token (shown once): ${token}`),
        onServing: (url) => console.log(`serving on ${url}`),
      },
      terminationSignal(),
    );
    return 0;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    console.error(`bootwright: ${errorText(error)}`);
    return error.code === 'bad-configuration' ? EX_CONFIG : 1;
  }
}

/** Fires on the first SIGTERM or SIGINT; a second one ends the process at once. */
function terminationSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const)
    process.once(name, () => stop.abort(new Error(`ended by ${name}`)));
  return stop.signal;
}

function readVersion(): string {
  const text: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof text === 'object' && text !== null && 'version' in text ? String(text.version) : 'unknown';
}
