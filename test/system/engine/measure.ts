import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runnable } from '../../../src/domain/step.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { createEngine } from '../../../src/runs/engine.ts';
import { openStore } from '../../../src/store/store.ts';
import { SPEC } from '../../support/step-view.ts';

/**
 * Prints what the engine and the store cost by themselves: runs of four steps with one act each, whose looks and acts take
 * no time, ordered for 1, 64 and 500 machines at once. `npm exec -- node test/system/engine/measure.ts`
 */
const NAMES = ['power-on', 'unlock', 'system', 'session'] as const;

async function measure(machines: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-measure-'));
  const parts = { clock: systemClock, entropy: systemEntropy, log: silentLog };
  const store = await openStore(parts, { path: join(folder, 'db.sqlite') });
  const ordered = new Map<string, number>();
  const toFirstLook: number[] = [];
  const toAct: number[] = [];
  const looked = new Map<string, number>();
  const steps = NAMES.map((name) =>
    runnable<{ acted: boolean }, null>({
      name,
      async observe({ run, planIndex, actions }) {
        const now = performance.now();
        if (planIndex === 0 && actions.length === 0) toFirstLook.push(now - (ordered.get(run.id) ?? now));
        looked.set(run.id, now);
        return { acted: actions.length > 0 };
      },
      decide: (_view, { acted }) => (acted ? { kind: 'done', result: {} } : { kind: 'act', label: name, action: null }),
      async act({ run }) {
        toAct.push(performance.now() - (looked.get(run.id) ?? 0));
        return null;
      },
      lastSeen: () => '',
    }),
  );
  const stop = new AbortController();
  const engine = createEngine({ ...parts, ...store, meter: createMeter(), steps }, { parallel: 1000 });
  const running = engine.run(stop.signal);
  const ids: string[] = [];
  for (let n = 0; n < machines; n++) {
    ids.push((await store.machines.declare({ ...SPEC, name: `m${n}`, macs: [] }, 'api', 'measure')).id);
  }
  const began = performance.now();
  for (const machineId of ids) {
    const plan = NAMES.map((step) => ({ step, params: {}, deadlineMs: 60_000 }));
    const run = await store.runs.create({ machineId, request: { kind: 'boot' }, plan, actor: 'measure' });
    ordered.set(run.id, performance.now());
  }
  while ((await store.runs.list({ states: ['queued', 'running'], limit: 1 })).length > 0) {
    await systemClock.sleep(5, stop.signal);
  }
  const tookMs = performance.now() - began;
  const events = (await Promise.all(ids.map((id) => store.timeline.read(id, {})))).flat().length - machines;
  stop.abort();
  await running;
  await store.close();
  rmSync(folder, { recursive: true });
  console.log(
    `${machines} machines: ${(tookMs / 1000).toFixed(2)} s, ${Math.round(events / (tookMs / 1000))} events/s; ` +
      `order to first look ${spread(toFirstLook)}; look to act on disk ${spread(toAct)}; ` +
      `${Math.round(process.memoryUsage.rss() / 1e6)} MB`,
  );
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
}

for (const machines of [1, 64, 500]) await measure(machines);
