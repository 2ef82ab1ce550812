import { expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { createSite, type Site } from './rig.ts';

/** Leases short enough for a test in real time, in the proportions of the real ones. */
const TIMES = { exclusive: false, leaseMs: 3000, heartbeatMs: 500, selfStopMs: 2400 };
const FOREVER = new AbortController().signal;

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let waited = 0; waited < 15_000; waited += 20) {
    if (holds()) return;
    await systemClock.sleep(20, FOREVER);
  }
  throw new Error(`not within 15 s: ${what}`);
}

/** Whether the endless act was begun once more; on a busy machine one owner may do so more than once. */
function acting(site: Site): () => boolean {
  const before = site.world.count('waiting');
  return () => site.world.count('waiting') > before;
}

test('a second instance on the same folder is refused, and not after the first was killed', async () => {
  await using site = await createSite();
  const first = site.start({ scenario: 'slow' });
  await until('the first one acts', acting(site));
  await expect(site.start({}).ended).rejects.toThrow('another instance is running');
  first.child.kill('SIGKILL');
  expect(await first.ended).toBeUndefined();
  await site.start({ scenario: 'succeeds' }).ended;
  expect((await site.read()).run.state).toBe('succeeded');
});

test('a suspended owner is replaced, and writes nothing when it wakes up', { timeout: 60_000 }, async () => {
  await using site = await createSite();
  const order = { instanceLock: false, engine: TIMES };
  const first = site.start({ ...order, scenario: 'slow' });
  await until('the first one acts', acting(site));
  first.child.kill('SIGSTOP');
  const second = site.start({ ...order, scenario: 'slow' });
  await until('the second one acts', acting(site));
  first.child.kill('SIGCONT');
  await systemClock.sleep(1000, FOREVER);
  second.child.kill('SIGSTOP');
  const third = site.start({ ...order, scenario: 'succeeds', engine: { ...TIMES, owner: 'third' } });
  await until('the run is over', () => third.child.exitCode !== null);
  second.child.kill('SIGCONT');
  // Both see by themselves that the run is over, and end; neither did anything to the world.
  expect(await first.ended).toBeGreaterThan(0);
  expect(await second.ended).toBeGreaterThan(0);

  const { run, events, actions } = await site.read();
  expect(run.state).toBe('succeeded');
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  const fences = events.flatMap((event) => (event.type === 'run.taken-over' ? [event.data.fence] : []));
  expect(fences.length).toBeGreaterThanOrEqual(2);
  expect(fences).toEqual(fences.map((_, index) => index + 2));
  // The acts of the two that were overtaken stay open: nobody but they could have ended them, and they may not.
  const activates = actions.filter((act) => act.label === 'do-activate');
  expect(activates.filter((act) => act.endedAt === null).length).toBe(activates.length - 1);
  expect(site.world.count('did do-activate')).toBe(1);
});
