import type { AssetRecords } from '../domain/ports/assets.ts';
import type { BmcPins } from '../domain/ports/bmc-pins.ts';
import type { BootCaptures } from '../domain/ports/boot-captures.ts';
import type { ConsoleText } from '../domain/ports/consoles.ts';
import type { Generations } from '../domain/ports/generations.ts';
import type { LoaderMemory } from '../domain/ports/loader-memory.ts';
import type { Machines } from '../domain/ports/machines.ts';
import type { BootAttempts, Leases } from '../domain/ports/netboot.ts';
import type { RunOutput, Runs } from '../domain/ports/runs.ts';
import type { Timeline } from '../domain/ports/timeline.ts';
import type { Tokens } from '../domain/ports/tokens.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Entropy } from '../foundation/entropy.ts';
import { ConfigError, errorText, ServiceError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import { createAssetRecords } from './assets.ts';
import { createBootAttempts } from './attempts.ts';
import { createBmcPins } from './bmc-pins.ts';
import { type BootCapturesOptions, createBootCaptures } from './boot-captures.ts';
import { createConsoleText } from './console-text.ts';
import { createLeases } from './dhcp-leases.ts';
import { createGenerations } from './generations.ts';
import { createIds } from './ids.ts';
import { createLoaderMemory } from './loader-memory.ts';
import { createMachines } from './machines.ts';
import { migrate } from './migrate.ts';
import { createRunOutput } from './output.ts';
import { createRuns } from './runs.ts';
import { openSqlite, type SqliteOptions } from './sqlite.ts';
import { createTimeline } from './timeline.ts';
import { createTokens } from './tokens.ts';
import { createStoreContext } from './transaction.ts';

/** Everything that outlives the process, behind the domain's ports. */
export type Store = AsyncDisposable & {
  readonly machines: Machines;
  readonly runs: Runs;
  readonly timeline: Timeline;
  readonly output: RunOutput;
  readonly attempts: BootAttempts;
  readonly leases: Leases;
  readonly loaderMemory: LoaderMemory;
  readonly generations: Generations;
  readonly assetRecords: AssetRecords;
  readonly tokens: Tokens;
  readonly bmcPins: BmcPins;
  readonly consoleText: ConsoleText;
  readonly bootCaptures: BootCaptures;
  close(): Promise<void>;
};

export type StoreOptions = SqliteOptions & {
  /** Bytes kept of one step's output. Default 64 MiB. */
  readonly outputKeptBytes?: number;
  /** Bytes of console text kept of one machine; the oldest go first. Default 8 MiB. */
  readonly consoleKeptBytes?: number;
  /** How many boot attempts are kept, and how long. */
  readonly bootCaptures?: BootCapturesOptions;
};

/**
 * Opens the store and brings its tables up to date.
 * @throws ConfigError when the database cannot be used: not writable, on a network file system, held by another instance,
 *   written by a newer version, or not durable
 */
export async function openStore(
  parts: { readonly clock: Clock; readonly entropy: Entropy; readonly log: Log },
  options: StoreOptions,
): Promise<Store> {
  const { clock, entropy, log } = parts;
  const database = openSqlite(options);
  try {
    await migrate(database, { clock, log });
  } catch (error) {
    await database.close();
    if (error instanceof ServiceError) throw error;
    throw new ConfigError(`prepare the tables of ${options.path}: ${errorText(error)}`, { cause: error });
  }
  const context = createStoreContext({ db: database.db, clock, log, newId: createIds(parts) });
  return {
    machines: createMachines(context),
    runs: createRuns(context),
    timeline: createTimeline(context),
    output: createRunOutput(context, { keptBytes: options.outputKeptBytes ?? 64 * 1024 * 1024 }),
    attempts: createBootAttempts(context, entropy),
    leases: createLeases(context),
    loaderMemory: createLoaderMemory(context),
    generations: createGenerations(context),
    assetRecords: createAssetRecords(context),
    tokens: createTokens(context),
    bmcPins: createBmcPins(context),
    consoleText: createConsoleText(context, { keptBytes: options.consoleKeptBytes ?? 8 * 1024 * 1024 }),
    bootCaptures: createBootCaptures(context, options.bootCaptures),
    close: () => database.close(),
    [Symbol.asyncDispose]: () => database.close(),
  };
}
