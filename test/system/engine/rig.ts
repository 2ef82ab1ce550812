import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TimelineEvent } from '../../../src/domain/event.ts';
import type { Run } from '../../../src/domain/run.ts';
import type { ActionRecord } from '../../../src/domain/step.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { SPEC } from '../../support/step-view.ts';
import type { ServiceOrder } from './service.ts';
import { PLAN } from './steps.ts';
import { openWorld, type World } from './world.ts';

const SERVICE = new URL('./service.ts', import.meta.url).pathname;

/** A folder with a database that holds one machine and one queued run, and the world beside it. */
export type Site = AsyncDisposable & {
  readonly folder: string;
  readonly world: World;
  readonly runId: string;
  start(order: Partial<Omit<ServiceOrder, 'folder'>>): Service;
  /** Reads the database when no service runs. */
  read(): Promise<Outcome>;
};

export type Service = {
  readonly child: ChildProcess;
  /** Points passed; undefined when it died by SIGKILL. @throws when it ended in any other way */
  readonly ended: Promise<number | undefined>;
};

export type Outcome = {
  readonly run: Run;
  readonly events: readonly TimelineEvent[];
  readonly actions: readonly ActionRecord[];
  readonly output: string;
};

export async function createSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-engine-'));
  const children = new Set<ChildProcess>();
  const runId = await withStore(folder, async (store) => {
    const machine = await store.machines.declare(SPEC, 'api', 'test');
    const plan = PLAN.map((step) => ({ step, params: {}, deadlineMs: 60_000 }));
    return (await store.runs.create({ machineId: machine.id, request: { kind: 'update' }, plan, actor: 'test' })).id;
  });
  return {
    folder,
    runId,
    world: openWorld(folder),
    start(order) {
      const full: ServiceOrder = {
        ...{ folder, scenario: 'succeeds', killAt: 0, instanceLock: true },
        ...order,
        engine: { lookGapMs: 20, pollMs: 50, ...order.engine },
      };
      const child = spawn(process.execPath, [SERVICE, JSON.stringify(full)], { stdio: ['ignore', 'pipe', 'pipe'] });
      children.add(child);
      child.once('exit', () => children.delete(child));
      return { child, ended: ended(child) };
    },
    read: () =>
      withStore(folder, async (store) => ({
        run: await store.runs.get(runId),
        events: await store.timeline.read((await store.machines.get('m1')).id, { limit: 5000 }),
        actions: await store.runs.actions(runId),
        output: (await store.output.read(runId, PLAN.indexOf('activate'), 0, 1000)).toString(),
      })),
    async [Symbol.asyncDispose]() {
      for (const child of children) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function withStore<T>(folder: string, work: (store: Store) => Promise<T>): Promise<T> {
  const parts = { clock: systemClock, entropy: systemEntropy, log: silentLog };
  await using store = await openStore(parts, { path: join(folder, 'bootwright.sqlite') });
  return await work(store);
}

async function ended(child: ChildProcess): Promise<number | undefined> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (data) => {
    stdout += data;
  });
  child.stderr?.on('data', (data) => {
    stderr += data;
  });
  await once(child, 'close');
  if (child.signalCode === 'SIGKILL') return undefined;
  if (child.exitCode !== 0) throw new Error(`the service ended with ${child.exitCode ?? child.signalCode}: ${stderr}`);
  return (JSON.parse(stdout) as { points: number }).points;
}
