import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createApi } from './api/api.ts';
import { createFirstToken } from './api/token-text.ts';
import type { Config } from './config/config-schema.ts';
import type { Environment } from './config/environment.ts';
import { attributeProblem, flakeProblem } from './config/flake-ref.ts';
import { configJsonSchema, machineJsonSchema } from './config/json-schema.ts';
import { createParseMachineSpec } from './config/parse-machine.ts';
import { createBmcs } from './drivers/bmc/bmcs.ts';
import { createIpmiBmcs } from './drivers/bmc/ipmi/ipmi-bmcs.ts';
import { loadPins } from './drivers/bmc/ipmi/link/kept-pins.ts';
import { createConsoles } from './drivers/console/consoles.ts';
import { createHosts } from './drivers/hosts.ts';
import { createGenerationFiles } from './drivers/nixos/generation-files.ts';
import { createSystemBuilder } from './drivers/nixos/system-builder.ts';
import { createRadvd } from './drivers/router-advertisements/radvd.ts';
import { createSecrets } from './drivers/secrets/secrets.ts';
import { createSshConnections } from './drivers/ssh/connections.ts';
import { systemClock } from './foundation/clock.ts';
import { systemEntropy } from './foundation/entropy.ts';
import type { Log } from './foundation/log.ts';
import { createMeter } from './foundation/meter.ts';
import { systemThread } from './foundation/thread.ts';
import { systemUdp } from './foundation/udp.ts';
import { openAssetStore } from './netboot/assets/asset-store.ts';
import { createBootSources } from './netboot/assets/boot-sources.ts';
import { createGenerationCaptures } from './netboot/assets/capture-generation.ts';
import { routerAdvertisementsOf } from './netboot/dhcpv6/router-advertisements.ts';
import { createNetboot, type NetbootOptions } from './netboot/netboot.ts';
import { netbootSockets } from './netboot/options.ts';
import { runAll } from './run-all.ts';
import { createEngine } from './runs/engine.ts';
import { createOrders } from './runs/orders.ts';
import { createSteps } from './steps/all-steps.ts';
import { openStore, type StoreOptions } from './store/store.ts';
import { syncMachines } from './sync-machines.ts';

export type ServiceOptions = {
  readonly config: Config;
  readonly environment: Environment;
  readonly log: Log;
  readonly version: string;
  /** Told the token of the first start, for a person to see once. */
  onFirstToken(token: string): void;
  /** Told when every listener serves, with the address of the API. */
  onServing(url: string): void;
};

/** Netboot is off unless an interface is listed. */
const NO_NETBOOT: NetbootOptions = { interfaces: [], http: { port: 0 }, assets: [] };

/** Where system programs are, which users other than root often lack in their PATH. */
const SYSTEM_FOLDERS = ':/usr/local/sbin:/usr/sbin:/sbin';

const WEB_FOLDER = join(import.meta.dirname, '..', 'dist', 'web');

/** Wires all parts in one process, and runs them until the signal fires. */
export async function runService(options: ServiceOptions, signal: AbortSignal): Promise<void> {
  const { config, environment, log, version } = options;
  const [clock, entropy, udp, meter] = [systemClock, systemEntropy, systemUdp, createMeter()];
  const base = { clock, entropy, log, meter };

  await using store = await openStore(base, storeOptions(config));
  const { machines, runs, timeline, tokens } = store;
  await syncMachines(machines, config.machines, log);

  const secrets = createSecrets({ clock, log, environment: environment.variables });
  const pins = await loadPins(store.bmcPins, log);
  await using ipmi = createIpmiBmcs({ ...base, udp, pins });
  const bmcs = createBmcs({ ipmi, secrets, clock, log });
  await using connections = createSshConnections({ clock, log, secrets });
  const hosts = createHosts({ ...base, secrets, connections });
  const builder = createSystemBuilder({ clock, log, secrets, connections });

  const assets = await openAssetStore(
    { records: store.assetRecords, clock, log },
    {
      folder: join(config.dataDirectory, 'assets'),
      quotaBytes: config.assets.quotaMiB * 1024 * 1024,
      graceMs: config.assets.graceHours * 3_600_000,
    },
  );
  const stored = { assets, records: store.assetRecords };
  const bootSources = createBootSources({ ...stored, generations: store.generations });
  const open = createGenerationFiles({ clock, log, secrets, connections });
  const captures = createGenerationCaptures({ ...stored, open, clock, log });

  const sockets = netbootSockets(environment.inheritedSockets);
  const netboot = createNetboot(
    { ...base, udp, startThread: systemThread, ...store, assets },
    { ...netbootOptions(config), sockets },
  );
  const advertisements = routerAdvertisementsOf(config.netboot?.interfaces ?? []);
  const radvd = createRadvd(base, {
    advertisements,
    folder: config.dataDirectory,
    path: `${environment.variables.PATH ?? ''}${SYSTEM_FOLDERS}`,
  });
  const attemptLifetimeMs = (config.netboot?.attemptLifetimeSeconds ?? 1800) * 1000;
  const steps = createSteps({
    ...store,
    bmcs,
    hosts,
    builder,
    secrets,
    clock,
    attemptLifetimeMs,
    bootSources,
    captures,
  });
  const engine = createEngine({ ...base, runs, machines, timeline, steps });
  const orders = createOrders({ machines, runs });

  const consoles = createConsoles({ ...base, ...store, bmcs });

  const firstToken = await createFirstToken(tokens, entropy);
  if (firstToken !== undefined) options.onFirstToken(firstToken);

  const apiListens = Promise.withResolvers<string>();
  const { socket } = config.listen;
  const api = createApi(
    {
      ...{ ...base, ...store, orders, bmcs, consoles, assets, captures, loaderHangs: netboot.loaderHangs },
      checks: {
        parseMachineSpec: createParseMachineSpec({ commands: config.secrets.commandsThroughApi }),
        flakeProblem,
        attributeProblem,
      },
    },
    {
      listen: socket === undefined ? config.listen : { socket },
      version,
      schemas: { machine: machineJsonSchema(), config: configJsonSchema() },
      openMetrics: config.listen.openMetrics,
      ...(existsSync(WEB_FOLDER) ? { webFolder: WEB_FOLDER } : {}),
      onListening: ({ url }) => apiListens.resolve(url),
    },
  );
  const announce = async (): Promise<void> => {
    const [url] = await Promise.all([apiListens.promise, netboot.ready]);
    options.onServing(url);
  };
  // A listener that cannot start rejects its own run as well, which is where the failure is told.
  announce().catch(() => undefined);
  await runAll([netboot, engine, consoles, api, ...(advertisements.length > 0 ? [radvd] : [])], signal);
}

function storeOptions({ dataDirectory, netboot }: Config): StoreOptions {
  const path = join(dataDirectory, 'bootwright.db');
  if (netboot === undefined) return { path };
  const { discovery, captures } = netboot;
  const { maximum, keepDays } = discovery;
  const bootCaptures = captures === undefined ? {} : { bootCaptures: captures };
  return { path, mostDiscovered: maximum, discoveredKeptMs: keepDays * 86_400_000, ...bootCaptures };
}

/** The authority of HTTPS boot is kept beside the database. */
function netbootOptions({ netboot, dataDirectory }: Config): NetbootOptions {
  if (netboot === undefined) return NO_NETBOOT;
  const { https, ...rest } = netboot;
  return https === undefined ? rest : { ...rest, https: { ...https, folder: dataDirectory } };
}
