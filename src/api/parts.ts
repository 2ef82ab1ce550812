import type { MachineSpec } from '../domain/machine.ts';
import type { Assets } from '../domain/ports/assets.ts';
import type { Bmcs } from '../domain/ports/bmcs.ts';
import type { BootCaptures } from '../domain/ports/boot-captures.ts';
import type { Consoles, ConsoleText } from '../domain/ports/consoles.ts';
import type { DiscoveredMachines } from '../domain/ports/discovered-machines.ts';
import type { GenerationCaptures } from '../domain/ports/generation-files.ts';
import type { Generations } from '../domain/ports/generations.ts';
import type { LoaderHangs, LoaderMemory } from '../domain/ports/loader-memory.ts';
import type { Machines } from '../domain/ports/machines.ts';
import type { RunOutput, Runs } from '../domain/ports/runs.ts';
import type { Timeline } from '../domain/ports/timeline.ts';
import type { Tokens } from '../domain/ports/tokens.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Entropy } from '../foundation/entropy.ts';
import type { Log } from '../foundation/log.ts';
import type { CounterReading } from '../foundation/meter.ts';
import type { Orders } from '../runs/orders.ts';

/** What the API needs. */
export type ApiParts = {
  readonly machines: Machines;
  readonly runs: Runs;
  readonly orders: Orders;
  readonly timeline: Timeline;
  readonly output: RunOutput;
  readonly tokens: Tokens;
  readonly generations: Generations;
  readonly discovered: DiscoveredMachines;
  readonly loaderMemory: LoaderMemory;
  /** Of netboot in this process. Default: it runs elsewhere, or not at all. */
  readonly loaderHangs?: LoaderHangs;
  readonly assets: Assets;
  readonly captures: Pick<GenerationCaptures, 'fromMachine' | 'fromFolder'>;
  readonly consoles: Consoles;
  readonly consoleText: ConsoleText;
  readonly bootCaptures: Pick<BootCaptures, 'list' | 'find' | 'packets'>;
  readonly bmcs: Pick<Bmcs, 'open' | 'resetAuthentication'>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly meter: { readings(): readonly CounterReading[] };
  /** The checks of the configuration file, which `main` hands over: see the README's decisions. */
  readonly checks: ApiChecks;
};

export type ApiChecks = {
  /** @throws InvalidRequestError with every problem in `details.problems` */
  parseMachineSpec(value: unknown): MachineSpec;
  /** What is wrong with a flake reference, never repeating it; undefined when nothing is. */
  flakeProblem(text: string): string | undefined;
  attributeProblem(text: string): string | undefined;
};

/** Where to listen: a TCP address, or the path of a unix socket. */
export type ListenOptions =
  | { readonly address: string; readonly port: number; readonly socket?: never }
  | { readonly socket: string };

export type ApiOptions = {
  readonly listen: ListenOptions;
  /** Version of the service, for the description and `/healthz`. */
  readonly version: string;
  /** JSON Schemas to publish: of a machine as declared, and of the configuration file. */
  readonly schemas: { readonly machine: object; readonly config: object };
  /** Folder of the built pages, served at `/`. Default: none. */
  readonly webFolder?: string;
  /** Serve /metrics to anybody. Default false: to loopback, or with a token. */
  readonly openMetrics?: boolean;
  /** Live feeds open at the same time. Default 500. */
  readonly mostFeeds?: number;
  /** Consoles that are looked at at the same time. Default 500. */
  readonly mostConsoles?: number;
  readonly heartbeatMs?: number;
  readonly stallMs?: number;
  /** How long requests may take to end when the service closes, milliseconds. Default 3000. */
  readonly graceMs?: number;
  /** Told once when requests are taken, with where. */
  readonly onListening?: (where: { readonly url: string; readonly port: number | null }) => void;
};
