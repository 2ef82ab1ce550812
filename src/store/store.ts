import type { AssetRecords } from '../domain/ports/assets.ts';
import type { BmcPins } from '../domain/ports/bmc-pins.ts';
import type { BootCaptures } from '../domain/ports/boot-captures.ts';
import type { ConsoleText } from '../domain/ports/consoles.ts';
import type { DiscoveredMachines } from '../domain/ports/discovered-machines.ts';
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
import { createDiscoveredMachines } from './discovered-machines.ts';
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
  readonly discovered: DiscoveredMachines;
  readonly bootCaptures: BootCaptures;
  close(): Promise<void>;
};

export type StoreOptions = SqliteOptions & {
  /** Bytes kept of one step's output. Default 64 MiB. */
  readonly outputKeptBytes?: number;
  /** Bytes of console text kept of one machine; the oldest go first. Default 8 MiB. */
  readonly consoleKeptBytes?: number;
  /** Machines kept that asked netboot and that nobody declared, besides ignored ones. Default 1024. */
  readonly mostDiscovered?: number;
  /** How long one of them is kept that is not seen any more, milliseconds. Default 30 days. */
  readonly discoveredKeptMs?: number;
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
  const database = openSqlite(options, log);
  try {
    await migrate(database, { clock, log });
  } catch (error) {
    await database.close();
    if (error instanceof ServiceError) throw error;
    throw new ConfigError(`prepare the tables of ${options.path}: ${errorText(error)}`, { cause: error });
  }
  const context = createStoreContext({ database, clock, log, newId: createIds(parts) });
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
    discovered: createDiscoveredMachines(context, {
      most: options.mostDiscovered ?? 1024,
      keptMs: options.discoveredKeptMs ?? 30 * 86_400_000,
    }),
    bootCaptures: createBootCaptures(context, options.bootCaptures),
    close: () => database.close(),
    [Symbol.asyncDispose]: () => database.close(),
  };
}
