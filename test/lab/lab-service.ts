/** The real service on a rig, as the lab's tests use it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiClient, createApiClient, type ShownRun } from '../support/api-client.ts';
import { type LabConfigOptions, writeLabConfig } from '../support/lab-config.ts';
import { type ServiceProcess, startService } from '../support/service-process.ts';
import type { Rig } from './rig/rig.ts';

export type LabService = AsyncDisposable & {
  api(): ApiClient;
  readonly log: readonly string[];
  /** Writes the configuration again, changed, and starts the service anew. */
  reconfigure(change: Partial<LabConfigOptions>): Promise<void>;
  /** SIGKILL, and a start on the same data. */
  killAndRestart(): Promise<void>;
  /** Places a run and waits for its end. */
  run(machine: string, request: object, limitMs?: number): Promise<ShownRun>;
};

/** As long as the slowest chain under emulation on a busy machine, with one boot that hung and was cycled. */
export const RUN_LIMIT_MS = 12 * 60_000;

export async function startLabService(rig: Rig, options: Omit<LabConfigOptions, 'folder'> = {}): Promise<LabService> {
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-lab-'));
  const log: string[] = [];
  const start = (configFile: string): Promise<ServiceProcess> =>
    startService({
      configFile,
      prefix: ['ip', 'netns', 'exec', rig.network.serviceNamespace],
      onLog: (line) => void log.push(line),
    });
  let now = { folder, ...options };
  const configFile = writeLabConfig(rig, now);
  let service = await start(configFile);
  const token = service.token ?? '';
  const api = (): ApiClient => createApiClient(service.url, token);
  return {
    api,
    log,
    async reconfigure(change) {
      await service.stop();
      now = { ...now, ...change };
      writeLabConfig(rig, now);
      service = await start(configFile);
    },
    async killAndRestart() {
      await service.kill();
      service = await start(configFile);
    },
    async run(machine, request, limitMs = RUN_LIMIT_MS) {
      const placed = await api().place(machine, request);
      return await api().ended(placed.id, limitMs);
    },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
