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

test('a suspended owner is replaced, and when it wakes up it lets go and writes nothing', {
  timeout: 60_000,
}, async () => {
  await using site = await createSite();
  const order = { instanceLock: false, scenario: 'slow', engine: TIMES } as const;
  const first = site.start(order);
  await until('the first one acts', acting(site));
  first.child.kill('SIGSTOP');
  const second = site.start(order);
  await until('the second one acts', acting(site));
  const before = await site.read();
  expect(before.events.at(-1)).toMatchObject({ type: 'action.started', step: 'activate' });

  first.child.kill('SIGCONT');
  await until('the first one lets go', () => site.world.count('let go') === 1);
  // Long enough for anything it might still want to write, and for the second one to renew its lease.
  await systemClock.sleep(1000, FOREVER);
  expect(await site.read()).toEqual(before);
  expect(first.child.exitCode).toBeNull();

  for (const { child, ended } of [first, second]) {
    child.kill('SIGKILL');
    await ended;
  }
  expect(await site.start({ ...order, scenario: 'succeeds' }).ended).toBeGreaterThan(0);
  const { run, events, actions } = await site.read();
  expect(run.state).toBe('succeeded');
  expect(run.fence).toBeGreaterThanOrEqual(3);
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  // The acts of the two that went away stay open: nobody but they could have ended them.
  const activates = actions.filter((act) => act.label === 'do-activate');
  expect(activates.length).toBeGreaterThanOrEqual(3);
  expect(activates.filter((act) => act.endedAt !== null)).toEqual(activates.slice(-1));
  expect(site.world.count('did do-activate')).toBe(1);
});
