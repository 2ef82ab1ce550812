import { describe, expect, test } from 'vitest';
import type { TimelineEvent } from '../../../src/domain/event.ts';
import { createSite, type Outcome, type Site } from './rig.ts';
import { OUTPUT, PLAN, type Scenario } from './steps.ts';

const STATES = { succeeds: 'succeeded', fails: 'failed', cancelled: 'cancelled' } as const;

/** The processes of one test at a time: half of two cores. */
const ABREAST = 2;

describe.each(['succeeds', 'fails', 'cancelled'] as const)('a run that %s', (scenario) => {
  test('ends well when the service is killed at any one point', { timeout: 300_000 }, async () => {
    let points: number;
    {
      await using site = await createSite();
      points = (await site.start({ scenario }).ended) ?? 0;
      await judge(site, scenario, 'never killed');
    }
    expect(points).toBeGreaterThan(20);
    const targets = Array.from({ length: points }, (_, n) => n + 1);
    await Promise.all(
      Array.from({ length: ABREAST }, async () => {
        for (let killAt = targets.shift(); killAt !== undefined; killAt = targets.shift()) {
          await using site = await createSite();
          await site.start({ scenario, killAt }).ended;
          await site.start({ scenario }).ended;
          await judge(site, scenario, `killed at ${killAt} of ${points}`);
        }
      }),
    );
  });
});

test('a run goes on although the service is killed again and again', { timeout: 120_000 }, async () => {
  await using site = await createSite();
  let lives = 0;
  // Points of different distance, so that deaths fall on every kind of point; each life gets a little further.
  for (let alive = false; !alive && lives < 60; lives++) {
    const killAt = 9 + ((lives * 7) % 13);
    alive = (await site.start({ scenario: 'succeeds', killAt }).ended) !== undefined;
  }
  expect(lives).toBeGreaterThan(3);
  expect(lives).toBeLessThan(60);
  await judge(site, 'succeeds', `killed ${lives - 1} times`);
});

/** What must hold however often the service died. */
async function judge(site: Site, scenario: keyof typeof STATES & Scenario, when: string): Promise<void> {
  const outcome = await site.read();
  const { run, events, actions } = outcome;
  expect(run.state, when).toBe(STATES[scenario]);
  expect(
    events.map((event) => event.seq),
    `${when}: numbers without gaps`,
  ).toEqual(events.map((_, index) => index + 1));
  expect(ofType(events, 'run.queued').length, when).toBe(1);
  const ends = events.filter((event) => /^run\.(succeeded|failed|cancelled)$/.test(event.type));
  expect(ends.length, `${when}: one end`).toBe(1);
  expect(events.at(-1), `${when}: and it is the last`).toEqual(ends[0]);

  const reached = scenario === 'succeeds' ? PLAN : PLAN.slice(0, 2);
  const entered = ofType(events, 'step.entered').map((event) => event.step);
  expect(entered, `${when}: each step entered once, in order`).toEqual(reached);
  for (const step of reached) {
    expect(site.world.count(`did do-${step}`), `${when}: ${step} took effect once`).toBe(1);
  }
  for (const step of PLAN.filter((name) => !reached.includes(name))) {
    expect(site.world.count(`did do-${step}`), `${when}: ${step} was not reached`).toBe(0);
  }
  neverBlindly(events, when);
  expect(
    actions.filter((act) => act.endedAt === null).length,
    `${when}: at most the act in which it died stays open`,
  ).toBeLessThanOrEqual(ofType(events, 'run.taken-over').length);
  afterwards(site, scenario, outcome, when);
}

/** An act that was started is never started again without a look in between. */
function neverBlindly(events: readonly TimelineEvent[], when: string): void {
  let looked = false;
  for (const event of events) {
    if (event.type === 'step.observed') looked = true;
    if (event.type !== 'action.started') continue;
    expect(looked, `${when}: a look before act ${event.seq}`).toBe(true);
    looked = false;
  }
}

function afterwards(site: Site, scenario: Scenario, { output, run }: Outcome, when: string): void {
  if (scenario === 'succeeds') {
    expect(output, `${when}: output without hole or double`).toBe(OUTPUT.toString());
    expect(Object.keys(run.results), when).toEqual(['0', '1', '2', '3']);
    return;
  }
  for (const step of ['unlock', 'power-on']) {
    expect(site.world.count(`cleaned ${step}`), `${when}: ${step} cleaned up`).toBeGreaterThan(0);
  }
  if (scenario === 'fails') expect(run.error?.code, when).toBe('wrong-passphrase');
}

function ofType(events: readonly TimelineEvent[], type: TimelineEvent['type']): readonly TimelineEvent[] {
  return events.filter((event) => event.type === type);
}
