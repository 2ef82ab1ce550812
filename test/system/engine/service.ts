import { join } from 'node:path';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import type { EngineOptions } from '../../../src/runs/engine/options.ts';
import { createEngine } from '../../../src/runs/engine.ts';
import { openStore } from '../../../src/store/store.ts';
import { type Scenario, scriptedSteps } from './steps.ts';
import { openWorld } from './world.ts';

/** What the child process is told, as JSON in its only argument. */
export type ServiceOrder = {
  readonly folder: string;
  readonly scenario: Scenario;
  /** Dies by SIGKILL at this point, counted from 1; 0: at none. */
  readonly killAt: number;
  readonly instanceLock: boolean;
  readonly engine: Partial<EngineOptions>;
};

/**
 * Store and engine in a process of their own, that kills itself at the n-th point: before and after every write of the
 * store, and around every effect on the world. Prints how many points it passed when no run is left, and exits.
 */
async function serve({ folder, scenario, killAt, instanceLock, engine }: ServiceOrder): Promise<void> {
  let points = 0;
  function point(): void {
    points += 1;
    if (points !== killAt) return;
    process.kill(process.pid, 'SIGKILL');
    // Nothing of this process may run on, whichever thread the kernel stops first.
    for (;;);
  }
  function fatal<A extends unknown[], T>(work: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
    return async (...args) => {
      point();
      const result = await work(...args);
      point();
      return result;
    };
  }

  const clock = systemClock;
  const parts = { clock, entropy: systemEntropy, log: silentLog };
  await using store = await openStore(parts, { path: join(folder, 'bootwright.sqlite'), instanceLock });
  const runs = {
    ...store.runs,
    claim: fatal(store.runs.claim),
    write: fatal(store.runs.write),
    expireLeases: fatal(store.runs.expireLeases),
  };
  const steps = scriptedSteps(scenario, {
    ...{ world: openWorld(folder), output: store.output, clock, point },
    cancel: async (runId) => void (await store.runs.requestCancel(runId, 'test')),
  });
  const stop = new AbortController();
  const { timeline, machines } = store;
  const running = createEngine({ ...parts, runs, machines, timeline, meter: createMeter(), steps }, engine).run(
    stop.signal,
  );
  while ((await store.runs.list({ states: ['queued', 'running'] })).length > 0) await clock.sleep(10, stop.signal);
  stop.abort();
  await running;
  process.stdout.write(`${JSON.stringify({ points })}\n`);
}

await serve(JSON.parse(process.argv[2] ?? '{}') as ServiceOrder);
