import { describe, expect, it } from 'vitest';
import type { ShownEvent, ShownRun } from '../../support/api-client.ts';
import {
  bookSince,
  happeningsSince,
  type Mark,
  markOf,
  type Position,
  positionsOf,
  reached,
  textOf,
} from './kill-positions.ts';
import { createRig, onlyMachine, QUICK, type Rig, type RigOptions } from './rig.ts';

// What the update run does not contain: every power verb and a reboot by the BMC under SIGKILL, and a long build whose output is
// being streamed.

const spare: Rig[] = [];
const sparePatient: Rig[] = [];

type Verb = 'on' | 'off' | 'soft-off' | 'cycle' | 'reset';
const VERBS: readonly Verb[] = ['on', 'off', 'soft-off', 'cycle', 'reset'];
/** What the BMC is to be sent for a verb, when nothing is in the way. */
const SENT: Readonly<Record<Verb, readonly string[]>> = {
  on: ['on'],
  off: ['off'],
  'soft-off': ['soft-off'],
  cycle: ['off', 'on'],
  reset: ['reset'],
};

const cases = await Promise.all(VERBS.map(async (verb) => ({ verb, positions: await positionsOfVerb(verb) })));

describe.concurrent('power verbs under kill -9: sent once or not at all', () => {
  it.each(cases.flatMap(({ verb, positions }) => positions.map((at) => ({ verb, at, name: textOf(at) }))))(
    '$verb, $name',
    { timeout: 60_000 },
    async ({ verb, at }) => {
      await withRig(async (rig) => {
        const { mark, runId } = await order(rig, verb);
        await reached(rig, runId, mark, at);
        await rig.service().kill();
        await rig.restart();
        const run = await rig.api.ended(runId, 50_000);
        const { verbs } = bookSince(rig, mark);
        await rig.events(onlyMachine(rig).name);
        // Reset leaves the power as it is, and the button is answered by nobody: whether they were sent can't be seen.
        if (run.state !== 'failed' || verb === 'on' || verb === 'off' || verb === 'cycle') {
          expect({ error: run.error, state: run.state, verbs }).toEqual({
            error: null,
            state: 'succeeded',
            verbs: SENT[verb],
          });
        } else {
          expect(run.error?.code).toBe(verb === 'reset' ? 'outcome-unknown' : 'deadline-passed');
          expect(verbs.length).toBeLessThanOrEqual(verb === 'reset' ? 1 : 0);
        }
      });
    },
  );
});

const rebootPositions = await withRebootRig(async (rig) => {
  const { mark, runId } = await orderReboot(rig);
  expectRebooted(rig, mark, await rig.api.ended(runId));
  const told = await rig.api.events(runId);
  const book = happeningsSince(rig, mark).filter((what) => what.startsWith('verb '));
  return positionsOf(
    told.slice(
      0,
      told.findIndex(({ type }) => type === 'boot.asked'),
    ),
    book,
  );
});

describe.concurrent('a reboot by the BMC into the network, under kill -9', () => {
  it('goes through all its acts', () => {
    const acts = rebootPositions.filter(({ what }) => what.startsWith('action.started')).map(({ what }) => what);
    expect(acts.map((what) => what.split(' ').at(-1))).toEqual(['arm', 'boot-override', 'power-off', 'power-on']);
  });

  it.each(rebootPositions.map((at) => ({ at, name: textOf(at) })))('$name', { timeout: 60_000 }, async ({ at }) => {
    await withRebootRig(async (rig) => {
      const { mark, runId } = await orderReboot(rig);
      await reached(rig, runId, mark, at);
      await rig.service().kill();
      await rig.restart();
      expectRebooted(rig, mark, await rig.api.ended(runId, 50_000));
      await rig.events(onlyMachine(rig).name);
    });
  });
});

const TOKEN = 'ghp_planted0token1of2the3long4build';
const LINES = Array.from({ length: 400 }, (_, index) => `line ${index} ${'x'.repeat((index * 7) % 90)}`);
const LONG = { outcome: 'builds', durationMs: 8000, lines: LINES, printsTokens: true } as const;
const REDACTED = [
  ...LINES,
  `!include /root/.config/nix/nix.conf\nextra-access-tokens = github.com=${'*'.repeat(TOKEN.length)}\n\n`,
].join('\n');

describe.concurrent('a long build that streams its output', () => {
  it('loses and doubles no byte over kills, and is started once', { timeout: 90_000 }, async () => {
    await using rig = await longBuildRig();
    const { machine, name } = onlyMachine(rig);
    const { id } = await rig.api.place(name, { kind: 'rebuild', action: 'switch', attribute: 'long' });
    let kills = 0;
    // On a busy machine the build may be over before the fourth.
    for (let from = await appendedTwiceAfter(rig, id, 0); from !== undefined && kills < 4; kills++) {
      await rig.service().kill();
      await rig.restart();
      from = await appendedTwiceAfter(rig, id, from);
    }
    expect(kills).toBeGreaterThan(1);
    const run = await rig.api.ended(id, 60_000);
    expect(run.error ?? run.state).toBe('succeeded');
    expect(await rig.output(id)).toBe(REDACTED);
    expect(machine.rebuilds).toHaveLength(1);
    await expectRangesWithoutGaps(rig, id);
    expect(machine.holdsTokens()).toBe(false);
  });

  it('is read to its end when the service was away for the rest of it', { timeout: 60_000 }, async () => {
    await using rig = await longBuildRig();
    const { machine, name } = onlyMachine(rig);
    const before = machine.generations.profile();
    const { id } = await rig.api.place(name, { kind: 'rebuild', action: 'switch', attribute: 'long' });
    await appendedTwiceAfter(rig, id, 0);
    await rig.service().kill();
    const ended = performance.now() + 30_000;
    while (machine.generations.profile() === before && performance.now() < ended)
      await new Promise((resolve) => setTimeout(resolve, 100));
    await rig.restart();
    const run = await rig.api.ended(id, 30_000);
    expect(run.error ?? run.state).toBe('succeeded');
    expect(await rig.output(id)).toBe(REDACTED);
    expect(machine.rebuilds).toHaveLength(1);
  });

  it('goes on when its connections are cut again and again', { timeout: 60_000 }, async () => {
    await using rig = await longBuildRig();
    const { machine, name } = onlyMachine(rig);
    const { id } = await rig.api.place(name, { kind: 'rebuild', action: 'switch', attribute: 'long' });
    let cuts = 0;
    for (let from = await appendedTwiceAfter(rig, id, 0); from !== undefined && cuts < 3; cuts++) {
      machine.dropConnections();
      from = await appendedTwiceAfter(rig, id, from);
    }
    expect(cuts).toBeGreaterThan(0);
    const run = await rig.api.ended(id, 50_000);
    expect(run.error ?? run.state).toBe('succeeded');
    expect(await rig.output(id)).toBe(REDACTED);
    expect(machine.rebuilds).toHaveLength(1);
    await expectRangesWithoutGaps(rig, id);
  });
});

async function positionsOfVerb(verb: Verb): Promise<Position[]> {
  return await withRig(async (rig) => {
    const { mark, runId } = await order(rig, verb);
    const run = await rig.api.ended(runId);
    if (run.state !== 'succeeded') throw new Error(`power ${verb}: ${JSON.stringify(run.error)}`);
    // How the machine boots afterwards is its own affair.
    const book = happeningsSince(rig, mark).filter((what) => what.startsWith('verb '));
    return positionsOf(await rig.api.events(runId), book);
  });
}

/** A power run of a machine that is off for `on` and has its system up for all else. */
async function order(rig: Rig, verb: Verb) {
  const { machine, name } = onlyMachine(rig);
  machine.chassis.control('off');
  if (verb !== 'on') {
    machine.chassis.control('on');
    await machine.reached('stage-3', AbortSignal.timeout(10_000));
  }
  const mark = markOf(rig);
  const { id: runId } = await rig.api.place(name, { kind: 'power', verb });
  return { mark, runId };
}

function withRig<T>(work: (rig: Rig) => Promise<T>): Promise<T> {
  return lend(spare, { simulated: { disks: [] }, declared: { disks: [], deadlines: { power: 20 } } }, work);
}

/** A spare rig, or a new one; one that failed is not used again. */
async function lend<T>(idle: Rig[], options: RigOptions, work: (rig: Rig) => Promise<T>): Promise<T> {
  let rig = idle.pop();
  if (rig === undefined) {
    rig = await createRig(options);
  }
  const result = await work(rig);
  idle.push(rig);
  return result;
}

/** A reboot of a machine that waits in stage 1, where nobody can be told by SSH. */
async function orderReboot(rig: Rig) {
  const { machine, name } = onlyMachine(rig);
  machine.chassis.control('off');
  machine.chassis.control('on');
  await machine.reached('stage-1', AbortSignal.timeout(10_000));
  const mark = markOf(rig);
  const { id: runId } = await rig.api.place(name, { kind: 'reboot', netboot: true });
  return { mark, runId };
}

function expectRebooted(rig: Rig, mark: Mark, run: ShownRun): void {
  const { verbs, passphrases, phases } = bookSince(rig, mark);
  const boots = phases.filter(({ phase }) => phase === 'kernel').map(({ detail }) => detail);
  expect({ error: run.error, verbs, boots, passphrases: passphrases.map(({ right }) => right) }).toEqual({
    error: null,
    verbs: ['off', 'on'],
    boots: ['from the network'],
    passphrases: [true],
  });
}

/** POST takes longer than the service's start, so that the firmware always finds it. */
function withRebootRig<T>(work: (rig: Rig) => Promise<T>): Promise<T> {
  return lend(sparePatient, { simulated: { timings: { ...QUICK.timings, postMs: 4000 } } }, work);
}

/** A machine that is up, and a build on it that takes its time and prints its token. */
async function longBuildRig(): Promise<Rig> {
  const rig = await createRig({
    simulated: { disks: [], rebuilds: { long: LONG } },
    declared: {
      disks: [],
      rebuild: { flake: 'github:example/fleet', accessTokens: [{ host: 'github.com', token: 'env:PLANTED_TOKEN' }] },
    },
    environment: { PLANTED_TOKEN: TOKEN },
  });
  const { machine } = onlyMachine(rig);
  machine.chassis.control('on');
  await machine.reached('stage-3', AbortSignal.timeout(10_000));
  return rig;
}

/** Waits for two more pieces of output behind that byte. @returns where the last of them ends; undefined when the run ended first */
async function appendedTwiceAfter({ api }: Rig, runId: string, from: number): Promise<number | undefined> {
  let seen = 0;
  for await (const { event, data } of api.feed(runId, AbortSignal.timeout(30_000))) {
    if (event !== 'output.appended') continue;
    const range = (JSON.parse(data) as ShownEvent).data;
    if (Number(range.from) >= from && ++seen === 2) return Number(range.to);
  }
  return undefined;
}

async function expectRangesWithoutGaps(rig: Rig, runId: string): Promise<void> {
  let end = 0;
  for (const { type, data } of await rig.events(onlyMachine(rig).name)) {
    if (type !== 'output.appended') continue;
    if (data.from !== end) throw new Error(`output of ${runId}: ${JSON.stringify(data)} follows byte ${end}`);
    end = Number(data.to);
  }
  if (end !== Buffer.byteLength(REDACTED)) throw new Error(`output events of ${runId} end at ${end}`);
}
