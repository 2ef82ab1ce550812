import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApi } from '../../src/api/api.ts';
import type { ApiOptions, ApiParts, ListenOptions } from '../../src/api/parts.ts';
import { hashOfToken, newTokenText } from '../../src/api/token-text.ts';
import { attributeProblem, flakeProblem } from '../../src/config/flake-ref.ts';
import { configJsonSchema, machineJsonSchema } from '../../src/config/json-schema.ts';
import { createParseMachineSpec } from '../../src/config/parse-machine.ts';
import type { Assets } from '../../src/domain/ports/assets.ts';
import type { OpenGenerationFiles } from '../../src/domain/ports/generation-files.ts';
import type { TokenRole } from '../../src/domain/ports/tokens.ts';
import { createConsoles } from '../../src/drivers/console/consoles.ts';
import type { ConsoleOptions } from '../../src/drivers/console/options.ts';
import { type Clock, systemClock } from '../../src/foundation/clock.ts';
import { systemEntropy } from '../../src/foundation/entropy.ts';
import { UnreachableError } from '../../src/foundation/errors.ts';
import { type Log, silentLog } from '../../src/foundation/log.ts';
import { createMeter } from '../../src/foundation/meter.ts';
import { type AssetStoreOptions, openAssetStore } from '../../src/netboot/assets/asset-store.ts';
import { createGenerationCaptures } from '../../src/netboot/assets/capture-generation.ts';
import { createOrders } from '../../src/runs/orders.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { createFakeBmcs } from './fake-bmc.ts';

export type ApiService = AsyncDisposable & {
  readonly store: Store;
  readonly assets: Assets;
  readonly api: ReturnType<typeof createApi>;
  readonly meter: ReturnType<typeof createMeter>;
  /** One token of each role. */
  readonly tokens: Readonly<Record<TokenRole, string>>;
  /** Starts to listen on loopback; the address comes back. */
  listen(): Promise<string>;
  /** Stops listening and waits until that is over. */
  close(): Promise<void>;
  /** After `close`: another API over the same store, listening there, as after a restart. */
  again(listen: ListenOptions): Promise<{ close(): Promise<void> }>;
};

export type ApiServiceOptions = Partial<ApiOptions> & {
  readonly clock?: Clock;
  readonly log?: Log;
  readonly commands?: boolean;
  /** Default: fake controllers, one for each machine that declares one. */
  readonly bmcs?: ApiParts['bmcs'];
  /** As netboot in the same process has it. Default none. */
  readonly loaderHangs?: ApiParts['loaderHangs'];
  /** Of the asset store; its folder is a temporary one. */
  readonly assets?: Omit<AssetStoreOptions, 'folder'>;
  /** Of the consoles, which are opened through these controllers. */
  readonly console?: ConsoleOptions;
};

/** The real API over a real store in memory, without an engine: runs stay queued unless a test drives them. */
export async function startApiService(options: ApiServiceOptions = {}): Promise<ApiService> {
  const {
    clock = systemClock,
    log = silentLog,
    commands = false,
    bmcs = createFakeBmcs(),
    console,
    loaderHangs,
    assets: assetOptions,
    ...rest
  } = options;
  const entropy = systemEntropy;
  const store = await openStore({ clock, entropy, log }, { path: ':memory:' });
  const { machines, runs, timeline, output, tokens, generations, consoleText, assetRecords: records } = store;
  const { discovered, loaderMemory, bootCaptures } = store;
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-assets-'));
  const assets = await openAssetStore({ records, clock, log }, { folder, ...assetOptions });
  const open: OpenGenerationFiles = async (machine) => {
    throw new UnreachableError(`${machine.spec.name}: nobody answers in this test`);
  };
  const captures = createGenerationCaptures({ assets, records, open, clock, log });
  const startConsoles = () => createConsoles({ ...store, bmcs, clock, log }, console);
  const consoles = startConsoles();
  const made: Partial<Record<TokenRole, string>> = {};
  for (const role of ['viewer', 'operator', 'unlocker', 'admin'] as const) {
    const text = newTokenText(entropy);
    await tokens.create({ name: `the-${role}`, role, hash: hashOfToken(text) });
    made[role] = text;
  }
  const { viewer = '', operator = '', unlocker = '', admin = '' } = made;
  const meter = createMeter();
  const listening = Promise.withResolvers<string>();
  const parts: ApiParts = {
    machines,
    runs,
    orders: createOrders({ machines, runs }),
    timeline,
    output,
    tokens,
    generations,
    discovered,
    loaderMemory,
    ...(loaderHangs === undefined ? {} : { loaderHangs }),
    assets,
    captures,
    consoles,
    consoleText,
    bootCaptures,
    bmcs,
    clock,
    entropy,
    log,
    meter,
    checks: { parseMachineSpec: createParseMachineSpec({ commands }), flakeProblem, attributeProblem },
  };
  const settings: ApiOptions = {
    listen: { address: '127.0.0.1', port: 0 },
    version: '0.0.0-test',
    schemas: { machine: machineJsonSchema(), config: configJsonSchema() },
    graceMs: 200,
    onListening: ({ url }) => listening.resolve(url),
    ...rest,
  };
  const api = createApi(parts, settings);
  const stop = new AbortController();
  const recording = consoles.run(stop.signal);
  let running: Promise<void> = Promise.resolve();
  const close = async (): Promise<void> => {
    stop.abort();
    await Promise.all([running, recording]);
  };
  return {
    store,
    assets,
    api,
    meter,
    tokens: { viewer, operator, unlocker, admin },
    async listen() {
      running = api.run(stop.signal);
      running.catch((error: unknown) => listening.reject(error));
      return await listening.promise;
    },
    close,
    async again(listen) {
      const stopAgain = new AbortController();
      const up = Promise.withResolvers<string>();
      const nextConsoles = startConsoles();
      const nextParts = { ...parts, consoles: nextConsoles };
      const next = createApi(nextParts, { ...settings, listen, onListening: ({ url }) => up.resolve(url) });
      const serving = Promise.all([next.run(stopAgain.signal), nextConsoles.run(stopAgain.signal)]);
      serving.catch((error: unknown) => up.reject(error));
      await up.promise;
      return {
        async close() {
          stopAgain.abort();
          await serving;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A public key of the right shape whose 32 bytes are all `fill`. */
export function testHostKey(fill: number): string {
  const type = Buffer.from('ssh-ed25519');
  const blob = Buffer.concat([length(type.length), type, length(32), Buffer.alloc(32, fill)]);
  return `ssh-ed25519 ${blob.toString('base64')}`;
}

/** A declaration as somebody would send it. */
export function testMachine(name: string, number = 1): Record<string, unknown> {
  return {
    name,
    macs: [`52:54:00:77:00:${number.toString(16).padStart(2, '0')}`],
    address: `10.77.0.${number}`,
    bmcs: [{ protocol: 'ipmi', host: '10.77.1.1', user: 'admin', password: 'env:BMC_PASSWORD' }],
    stage1: { hostKeys: [testHostKey(1)], identity: 'file:/keys/stage1' },
    stage3: { hostKeys: [testHostKey(3)], identity: 'file:/keys/stage3' },
    disks: [{ name: 'cryptroot', passphrase: 'credential:cryptroot' }],
    rebuild: { flake: 'github:owner/repo' },
    session: { user: 'alice' },
  };
}

function length(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
