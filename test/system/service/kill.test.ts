import { describe, it } from 'vitest';
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
import { createRig, onlyMachine, type Rig } from './rig.ts';

// The service is killed with SIGKILL at every position of an update run, one position a run, and started again. What must
// not happen twice is counted at the receiving end: verbs by the BMC, passphrases and rebuilds by the machine. Positions come from
// a run that nothing disturbed, so that none can be forgotten.

const OUTPUT = 'building the system configuration...\nupdating the boot loader...\n';

/** Rigs out of use; each test takes one, so as many are made as tests run at once. */
const spare: Rig[] = [];
const positions = await positionsOfUndisturbed();

describe('positions of an update run', () => {
  it('are all those of its steps and acts', ({ expect }) => {
    const entered = positions
      .filter(({ what }) => what.startsWith('step.entered'))
      .map(({ what }) => what.split(' ')[1]);
    expect(entered).toEqual([
      ...['power-on', 'netboot', 'unlock', 'system', 'activate'],
      ...['reboot', 'unlock', 'system', 'verify', 'session', 'commit'],
    ]);
    const started = positions
      .filter(({ what }) => what.startsWith('action.started'))
      .map(({ what }) => what.split(' ')[2]);
    expect(started).toEqual([
      ...['arm', 'boot-override', 'power-on', 'disarm', 'send-passphrase', 'start-rebuild', 'follow', 'tidy'],
      ...['order-reboot', 'send-passphrase', 'mark-good'],
    ]);
    const book = positions.filter(({ source }) => source === 'book').map(({ what }) => what);
    expect(book).toEqual(
      expect.arrayContaining(['verb on', 'passphrase of cryptroot', 'rebuild boot', 'phase stage-2']),
    );
  });
});

describe.concurrent('kill -9 at one position, then a restart: the run ends well', () => {
  it.each(positions.map((position) => ({ position, name: textOf(position) })))(
    '$name',
    { timeout: 90_000 },
    async ({ position }) => {
      await withRig(async (rig) => {
        const { mark, runId } = await order(rig);
        await reached(rig, runId, mark, position);
        await rig.service().kill();
        await rig.restart();
        await endsWell(rig, runId, mark, 1);
      });
    },
  );
});

const DANGEROUS = ['power-on', 'send-passphrase', 'start-rebuild', 'order-reboot'];

describe.concurrent('kill -9 in the middle of an act, and again as soon as it was taken over', () => {
  it.each(DANGEROUS)('%s', { timeout: 90_000 }, async (label) => {
    const position = positions.find(({ what }) => what.startsWith('action.started') && what.endsWith(` ${label}`));
    if (position === undefined) throw new Error(`the run has no act ${label}`);
    await withRig(async (rig) => {
      const { mark, runId } = await order(rig);
      await reached(rig, runId, mark, position);
      for (let kills = 1; kills <= 3; kills++) {
        await rig.service().kill();
        await rig.restart();
        if (kills < 3) await reached(rig, runId, mark, { source: 'feed', what: 'run.taken-over', times: kills });
      }
      await endsWell(rig, runId, mark, 3);
    });
  });
});

async function positionsOfUndisturbed(): Promise<Position[]> {
  return await withRig(async (rig) => {
    const { mark, runId } = await order(rig);
    await endsWell(rig, runId, mark, 0);
    return positionsOf(await rig.api.events(runId), happeningsSince(rig, mark));
  });
}

/** An update of a machine that is off. */
async function order(rig: Rig): Promise<{ mark: Mark; runId: string }> {
  const { machine, name } = onlyMachine(rig);
  machine.chassis.control('off');
  const mark = markOf(rig);
  const { id: runId } = await rig.api.place(name, { kind: 'update' });
  return { mark, runId };
}

/** @throws Error telling everything that is wrong */
async function endsWell(rig: Rig, runId: string, mark: Mark, kills: number): Promise<void> {
  const { machine, name } = onlyMachine(rig);
  const run = await rig.api.ended(runId, 80_000);
  const { verbs, passphrases, rebuilds, phases } = bookSince(rig, mark);
  const events = (await rig.events(name)).filter((event) => event.runId === runId);
  const count = (type: string): number => events.filter((event) => event.type === type).length;
  const boots = phases.filter(({ phase }) => phase === 'kernel').map(({ detail }) => detail);
  // A machine whose firmware asked just while nobody was there has gone on to its disk; the run sees that, says so, and
  // netboots it once more. That is the only reason for another boot, and never for another passphrase.
  const lost = count('run.rewound');
  const expected: Record<string, readonly [unknown, unknown]> = {
    run: [run.error ?? run.state, 'succeeded'],
    'verbs the BMC executed': [verbs, ['on', ...Array(lost).fill(['off', 'on']).flat()]],
    'rounds more than one a kill': [lost <= Math.min(kills, 1), true],
    'passphrases received': [passphrases.map(({ right }) => right), [true, true]],
    'boots that received one': [new Set(passphrases.map(({ bootId }) => bootId)).size, 2],
    'rebuild jobs': [rebuilds.map(({ action }) => action), ['boot']],
    boots: [boots.slice(lost), ['from the network', 'from disk']],
    generation: [phases.findLast(({ phase }) => phase === 'stage-3')?.detail, machine.generations.profile()],
    output: [await rig.output(runId), OUTPUT],
    'generations proven': [count('generation.proven'), 1],
    'run.succeeded': [count('run.succeeded'), 1],
    'boot override left': [machine.chassis.bootFlags().valid, false],
    'tokens left': [machine.holdsTokens(), false],
  };
  const wrong = Object.entries(expected).filter(
    ([, [seen, wanted]]) => JSON.stringify(seen) !== JSON.stringify(wanted),
  );
  // A kill before the run was claimed, or after its end, leaves nothing to take over.
  if (count('run.taken-over') > kills) wrong.push(['takeovers', [count('run.taken-over'), kills]]);
  if (wrong.length === 0) return;
  const text = wrong.map(([what, [seen, wanted]]) => `${what}: ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
  const story = events.map(({ seq, type, step, data }) => `${seq} ${type} ${step ?? ''} ${JSON.stringify(data)}`);
  throw new Error([...text, '', ...story].join('\n'));
}

async function withRig<T>(work: (rig: Rig) => Promise<T>): Promise<T> {
  const rig = spare.pop() ?? (await newRig());
  const result = await work(rig);
  // One that failed may be in any state: it is not used again.
  spare.push(rig);
  return result;
}

/** Its BMC takes a moment to answer after a verb, so that a kill between "executed" and "heard" is sure to hit. */
async function newRig(): Promise<Rig> {
  let rig: Rig | undefined;
  let answered = 0;
  rig = await createRig({
    bmcFaults: ({ direction }) => {
      const executed = rig === undefined ? 0 : onlyMachine(rig).bmc.powerLog.length;
      if (direction === 'to-bmc' || executed === answered) return undefined;
      answered = executed;
      return { kind: 'delay', ms: 100 };
    },
  });
  return rig;
}
