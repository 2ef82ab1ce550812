import { describe, expect, it } from 'vitest';
import { BootDeviceSelector } from '../../../src/protocols/ipmi/commands/chassis/boot-flags.ts';
import type { ShownEvent } from '../../support/api-client.ts';
import { createRig, onlyMachine } from './rig.ts';

// Machines, builds and controllers that fail: the run says what was seen, and nothing is made worse.

const OUTPUT = ['building...', 'error: builder for hello.drv failed', 'gcc: fatal error: no input files'];

describe.concurrent('a build', () => {
  it('that fails leaves the machine as it was, with the last lines in the run', { timeout: 60_000 }, async () => {
    await using rig = await createRig({
      simulated: { rebuilds: { broken: { outcome: 'fails', lines: OUTPUT, durationMs: 200 } } },
    });
    const { machine, bmc, name } = onlyMachine(rig);
    const before = [machine.generations.profile(), machine.generations.bootDefault()];
    const run = await rig.run(name, { kind: 'update', attribute: 'broken' });
    expect(run).toMatchObject({ state: 'failed', error: { code: 'build-failed', step: 'activate' } });
    expect(run.error?.details).toMatchObject({ lastLines: OUTPUT, exitCode: 1, untouched: true });
    expect(run.error?.message).toContain('untouched');
    expect(await rig.output(run.id)).toBe(`${OUTPUT.join('\n')}\n`);
    expect([machine.generations.profile(), machine.generations.bootDefault()]).toEqual(before);
    expect(machine.phase(), 'no reboot').toBe('stage-3');
    expect(bmc.powerLog.map(({ action }) => action)).toEqual(['on']);
  });

  it('whose activation fails is told with care, since the profile has moved', { timeout: 60_000 }, async () => {
    await using rig = await createRig({
      simulated: { rebuilds: { half: { outcome: 'switch-fails', lines: OUTPUT, durationMs: 200 } } },
    });
    const { machine, name } = onlyMachine(rig);
    const run = await rig.run(name, { kind: 'update', attribute: 'half' });
    expect(run).toMatchObject({ state: 'failed', error: { code: 'activation-failed', details: { untouched: false } } });
    expect(run.error?.message).toContain(machine.generations.profile());
    expect(machine.phase(), 'no reboot into it').toBe('stage-3');
  });
});

describe.concurrent('a netboot', () => {
  it('of which nothing is heard: the error says so, and bootwright doctor has it', { timeout: 60_000 }, async () => {
    // The declared card is not the machine's, so that what it asks is a stranger's.
    await using rig = await createRig({
      declared: { macs: ['52:54:00:99:99:99'], deadlines: { netboot: 12 }, bootTries: 1 },
    });
    const { name } = onlyMachine(rig);
    const run = await rig.run(name, { kind: 'boot' }, 50_000);
    expect(run).toMatchObject({ state: 'failed', error: { code: 'deadline-passed', step: 'netboot' } });
    expect(run.error?.message).toContain('(nothing-heard)');
    const told = (await rig.events(name)).filter(({ type }) => type === 'boot.diagnosed');
    expect(told).toMatchObject([{ source: 'doctor', runId: run.id, data: { code: 'nothing-heard', attempt: 1 } }]);
    const path = `/machines/${name}/boot-attempts/${run.id}/1`;
    const shown = async () => (await rig.api.call('GET', path)).body;
    await expect
      .poll(shown, { timeout: 10_000 })
      .toMatchObject({ reached: null, endedAt: expect.any(String), findings: [{ code: 'nothing-heard' }] });
  });
});

describe.concurrent('a generation', () => {
  it('that never comes up: bounded tries with power cycles, then the last thing seen', {
    timeout: 90_000,
  }, async () => {
    await using rig = await createRig({
      simulated: { fates: { bad: 'never-comes-up' } },
      declared: { deadlines: { system: 3 } },
    });
    const { machine, bmc, name } = onlyMachine(rig);
    const run = await rig.run(name, { kind: 'update', attribute: 'bad' }, 80_000);
    expect(run).toMatchObject({ state: 'failed', error: { code: 'deadline-passed', step: 'system' } });
    expect(run.error?.message).toMatch(/3 s.*SSH did not answer/);
    const events = (await rig.events(name)).filter(({ runId }) => runId === run.id);
    const rewound = events.filter(({ type }) => type === 'run.rewound').length;
    expect(rewound).toBeGreaterThan(0);
    // bootTries is 2 on the way up and 2 at the reboot; what the way up did not use is granted to the reboot.
    expect(rewound).toBeLessThanOrEqual(2);
    const verbs = bmc.powerLog.map(({ action }) => action);
    expect(verbs).toEqual(['on', ...Array(rewound).fill(['off', 'on']).flat()]);
    expect(machine.passphrases.every(({ right }) => right)).toBe(true);
    expect(new Set(machine.passphrases.map(({ bootId }) => bootId)).size).toBe(machine.passphrases.length);
    expect(events.some(({ type }) => type === 'generation.proven')).toBe(false);
  });

  it('that comes up with a failed unit does not prove itself', { timeout: 60_000 }, async () => {
    await using rig = await createRig({ simulated: { fates: { worse: 'comes-up-degraded' } } });
    const { name } = onlyMachine(rig);
    const run = await rig.run(name, { kind: 'update', attribute: 'worse' });
    expect(run).toMatchObject({ state: 'failed', error: { code: 'boot-not-proven', step: 'verify' } });
    expect(run.error?.message).toContain('broken.service');
  });
});

describe.concurrent('a BMC', () => {
  it('with another password: a clear error, one try, and none by later runs', { timeout: 60_000 }, async () => {
    const rakp = countRakp();
    await using rig = await createRig({
      bmcFaults: rakp.hook,
      prepare(site) {
        const { machines, secret, declare } = site;
        const [host = ''] = machines.map(({ bmc }) => bmc.local.address);
        declare({
          bmcs: [{ protocol: 'ipmi', host, port: 6230, user: 'admin', password: secret('other', 'not-it') }],
        });
      },
    });
    const { bmc, name } = onlyMachine(rig);
    const run = await rig.run(name, { kind: 'boot' });
    expect(run).toMatchObject({ state: 'failed', error: { code: 'authentication-failed', step: 'power-on' } });
    expect(run.error?.message).toContain('password');
    expect(bmc.powerLog).toEqual([]);
    expect(rakp.seen).toEqual({ openSession: 1, message1: 1, message3: 0 });

    const again = await rig.run(name, { kind: 'power', verb: 'on' });
    expect(again.error?.message).toContain('not tried');
    expect(rakp.seen, 'the account is not worn out').toEqual({ openSession: 1, message1: 1, message3: 0 });

    rig.site.secret('other', 'bmc-planted-77');
    const corrected = await rig.run(name, { kind: 'power', verb: 'on' });
    expect(corrected.error ?? corrected.state, 'a corrected password is another credential').toBe('succeeded');
  });

  it('that is not there: the deadline names it', { timeout: 60_000 }, async () => {
    await using rig = await createRig({
      declared: { deadlines: { power: 9, 'power-on': 9 } },
      prepare({ net, secret, declare }) {
        declare({
          bmcs: [{ protocol: 'ipmi', host: `${net}.240`, port: 6230, user: 'admin', password: secret('bmc', 'x') }],
        });
      },
    });
    const { name } = onlyMachine(rig);
    const run = await rig.run(name, { kind: 'power', verb: 'on' });
    expect(run).toMatchObject({ state: 'failed', error: { code: 'deadline-passed', step: 'power' } });
    expect(run.error?.message).toContain(`${rig.site.net}.240:6230`);
    expect(await fetch(`${rig.url}/readyz`)).toHaveProperty('status', 200);
  });

  it('that forgets its sessions and loses datagrams does what it is told, once', { timeout: 60_000 }, async () => {
    await using rig = await createRig({
      bmcFaults({ direction, count }) {
        if (count % 5 === 0) return { kind: 'duplicate' };
        // A verb that never arrived is not sent again, so only answers are lost here.
        return direction === 'from-bmc' && count % 7 === 0 ? { kind: 'drop' } : undefined;
      },
    });
    const { bmc, name } = onlyMachine(rig);
    for (const verb of ['on', 'off', 'on', 'off']) {
      bmc.forgetSessions();
      const run = await rig.run(name, { kind: 'power', verb });
      expect(run.error ?? run.state).toBe('succeeded');
    }
    expect(bmc.powerLog.map(({ action }) => action)).toEqual(['on', 'off', 'on', 'off']);
  });
});

describe.concurrent('orders that get in each other’s way', () => {
  it('a second run is refused, and names the first', { timeout: 60_000 }, async () => {
    await using rig = await createRig();
    const { name } = onlyMachine(rig);
    const first = await rig.api.place(name, { kind: 'boot' });
    const second = await rig.api.call('POST', `/machines/${name}/runs`, { kind: 'power', verb: 'off' });
    expect(second.status).toBe(409);
    expect(JSON.stringify(second.body)).toContain(first.id);
    expect((await rig.api.ended(first.id)).state).toBe('succeeded');
    const third = await rig.api.call('POST', `/machines/${name}/runs`, { kind: 'power', verb: 'off' });
    expect(third.status).toBe(202);
    await rig.api.ended((third.body as { id: string }).id);
  });

  it('the same idempotency key gives the same run, another order with it is refused', { timeout: 60_000 }, async () => {
    await using rig = await createRig();
    const { name, bmc } = onlyMachine(rig);
    const order = async (body: object) => {
      const response = await fetch(`${rig.url}/api/v1/machines/${name}/runs`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${rig.token}`,
          'content-type': 'application/json',
          'idempotency-key': 'order-4711',
        },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as { id: string } };
    };
    const answers = await Promise.all([1, 2, 3].map(() => order({ kind: 'power', verb: 'on' })));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    await rig.api.ended(answers[0]?.body.id ?? '');
    await rig.service().kill();
    await rig.restart();
    expect((await order({ kind: 'power', verb: 'on' })).body.id, 'after its end and a crash').toBe(answers[0]?.body.id);
    expect((await order({ kind: 'power', verb: 'off' })).status).toBe(409);
    expect(bmc.powerLog.map(({ action }) => action)).toEqual(['on']);
  });

  it('a machine that is there already is refused with the field that is taken', { timeout: 60_000 }, async () => {
    await using rig = await createRig();
    const { name } = onlyMachine(rig);
    const { spec } = (await rig.api.call('GET', `/machines/${name}`)).body as { spec: Record<string, unknown> };
    const net = rig.site.net;
    const post = (change: object) => rig.api.call('POST', '/machines', { ...spec, ...change });
    const unlike = { name: 'new', address: `${net}.77`, macs: ['52:54:00:99:00:01'] };
    const taken = [
      await post({ ...unlike, name }),
      await post({ ...unlike, macs: spec.macs }),
      await post({ ...unlike, macs: ['52:54:00:99:00:01', ...(spec.macs as string[])] }),
    ];
    expect(taken.map(({ status }) => status)).toEqual([409, 409, 409]);
    expect(JSON.stringify(taken[1]?.body)).toContain('52:54:00:88:00:01');
    expect((await post(unlike)).status).toBe(201);
    expect((await rig.run(name, { kind: 'power', verb: 'on' })).state).toBe('succeeded');
  });
});

describe.concurrent('cancellation in the middle', () => {
  // Slow where the service waits, so that there is a middle; each moment by the timeline's own words.
  const slow = { postMs: 3000, promptMs: 3000 };
  const moments: readonly Moment[] = [
    { when: 'netboot is armed', is: ({ type }) => type === 'boot.armed' },
    { when: 'the boot override is set', is: acted('boot-override') },
    { when: 'the machine is switched on', is: acted('power-on') },
    { when: 'firmware runs', is: ({ type, step }) => type === 'step.waited' && step === 'netboot' },
    { when: 'files are fetched', is: ({ type }) => type === 'file.served' },
    { when: 'stage 1 is waited for', is: ({ type, step }) => type === 'step.waited' && step === 'unlock' },
    { when: 'the build runs', is: ({ type }) => type === 'output.appended', attribute: 'endless' },
    { when: 'the reboot was ordered', is: acted('order-reboot') },
  ];

  it.each(moments)(
    'when $when: ended within seconds, nothing armed, nothing overridden',
    {
      timeout: 60_000,
    },
    async ({ is, attribute }) => {
      const endless = { outcome: 'builds', lines: Array.from({ length: 60 }, String), durationMs: 20_000 } as const;
      await using rig = await createRig({
        simulated: { timings: { ...slow, kernelMs: 100 }, rebuilds: { endless } },
        declared: {
          rebuild: { flake: 'github:example/fleet', accessTokens: [{ host: 'github.com', token: 'env:TOKEN' }] },
        },
        environment: { TOKEN: 'ghp_cancelled0in1the2middle' },
      });
      const { machine, name } = onlyMachine(rig);
      const { id } = await rig.api.place(name, { kind: 'update', ...(attribute === undefined ? {} : { attribute }) });
      await seen(rig.api.feed(id, AbortSignal.timeout(40_000)), is);
      expect(machine.holdsTokens(), 'tokens lie there for as long as the build runs').toBe(attribute === 'endless');
      const began = performance.now();
      expect((await rig.api.call('POST', `/runs/${id}/cancel`)).status).toBe(202);
      const run = await rig.api.ended(id, 10_000);
      expect(run.state).toBe('cancelled');
      expect(performance.now() - began).toBeLessThan(5000);
      // "Valid, no override" is how a controller is told that there is none.
      const { valid, device } = machine.chassis.bootFlags();
      expect(valid && device !== BootDeviceSelector.noOverride, 'boot override').toBe(false);
      const events = (await rig.events(name)).filter(({ runId }) => runId === id);
      const armings = events
        .filter(({ type }) => type === 'boot.armed' || type === 'boot.disarmed')
        .map(({ type }) => type);
      expect(armings.at(-1) ?? 'boot.disarmed').toBe('boot.disarmed');
      expect(machine.holdsTokens(), 'the build was ended, its tokens are gone').toBe(false);
      // It goes on from there as if nothing had been: the machine is free for the next order.
      const next = await rig.run(name, { kind: 'power', verb: 'off' });
      expect(next.error ?? next.state).toBe('succeeded');
      expect(machine.phase()).toBe('off');
    },
  );
});

type Moment = {
  readonly when: string;
  readonly is: (event: ShownEvent) => boolean;
  /** What is built, where it matters. */
  readonly attribute?: string;
};

function acted(label: string) {
  return ({ type, data }: ShownEvent): boolean => type === 'action.ended' && data.label === label;
}

async function seen(
  feed: AsyncIterable<{ readonly id: string; readonly data: string }>,
  is: (event: ShownEvent) => boolean,
): Promise<void> {
  for await (const { id, data } of feed) if (/^\d+$/.test(id) && is(JSON.parse(data) as ShownEvent)) return;
  throw new Error('the run ended before that moment');
}

/** Counts the messages of handshakes by their payload type. @see IPMI v2.0 rev. 1.1 §13.27.3, table 13-16 */
function countRakp() {
  const seen = { openSession: 0, message1: 0, message3: 0 };
  const names = new Map<number, keyof typeof seen>([
    [0x10, 'openSession'],
    [0x12, 'message1'],
    [0x14, 'message3'],
  ]);
  return {
    seen,
    hook({ direction, data }: { readonly direction: string; readonly data: Buffer }): undefined {
      const name = names.get((data[5] ?? 0) & 0x3f);
      // Byte 4 is the authentication type: 06h says RMCP+.
      if (direction === 'to-bmc' && data[4] === 0x06 && name !== undefined) seen[name]++;
    },
  };
}
