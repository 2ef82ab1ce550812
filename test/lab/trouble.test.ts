import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabService, RUN_LIMIT_MS, startLabService } from './lab-service.ts';
import { createRig, type Rig } from './rig/rig.ts';

// What goes wrong on a real machine: one test after the other on the same one, each leaving it usable.

describe('trouble on a real machine', () => {
  let rig: Rig;
  let service: LabService;
  const right = { flavours: ['initramfs'] as const };

  beforeAll(async () => {
    rig = await createRig();
    service = await startLabService(rig, { ...right, passphrase: 'not the passphrase' });
  }, RUN_LIMIT_MS);

  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    await rig?.down();
  }, 60_000);

  it(
    'a wrong passphrase: one try, the disk named, the machine left waiting; unlock with the right one goes on',
    async () => {
      const failed = await service.run('m1', { kind: 'boot' });
      expect(failed).toMatchObject({
        state: 'failed',
        error: { code: 'wrong-passphrase', message: expect.stringContaining('cryptroot') },
      });
      const sent = (await service.api().events(failed.id)).filter((event) => event.type === 'unlock.attempted');
      expect(sent.length).toBe(1);
      expect(rig.machine(1).isOn()).toBe(true);

      await service.reconfigure({ passphrase: rig.image.passphrase });
      const unlocked = await service.run('m1', { kind: 'unlock' });
      expect(unlocked).toMatchObject({ state: 'succeeded', error: null });
    },
    RUN_LIMIT_MS,
  );

  it(
    "a build that fails: the machine untouched, the compiler's last lines in the run",
    async () => {
      const failed = await service.run('m1', { kind: 'rebuild', attribute: 'broken' });
      expect(failed).toMatchObject({ state: 'failed', error: { code: 'build-failed', details: { untouched: true } } });
      expect(JSON.stringify(failed.error?.details?.lastLines)).toMatch(/error/);
      const eval_ = await service.run('m1', { kind: 'rebuild', attribute: 'evalerror' });
      expect(eval_).toMatchObject({ state: 'failed', error: { code: 'build-failed', details: { untouched: true } } });
      const moved = await service.run('m1', { kind: 'rebuild', attribute: 'badswitch' });
      expect(moved).toMatchObject({ state: 'failed', error: { code: 'activation-failed' } });
    },
    RUN_LIMIT_MS,
  );

  it(
    'kill -9 of the service while the machine builds and while it boots: the run ends well, nothing is sent twice',
    async () => {
      const verbsBefore = rig.machine(1).powerVerbs().length;
      const run = await service.api().place('m1', { kind: 'update', attribute: 'slow' });
      for (const awaited of ['output.appended', 'reboot', 'unlock.attempted']) {
        await seen(service, run.id, awaited);
        await service.killAndRestart();
      }
      const ended = await service.api().ended(run.id, RUN_LIMIT_MS);
      expect(ended).toMatchObject({ state: 'succeeded', error: null });
      const events = await service.api().events(run.id);
      const boots = events.filter((event) => event.type === 'unlock.succeeded').map((event) => event.data.bootId);
      expect(new Set(boots).size).toBe(boots.length);
      expect(rig.machine(1).powerVerbs().length).toBe(verbsBefore);
      const output = await service
        .api()
        .output(run.id, events.find((event) => event.type === 'step.entered' && event.step === 'activate')?.data.index);
      for (let step = 0; step < 30; step++) expect(output.split(`building step ${step} of 30`).length - 1).toBe(1);
    },
    RUN_LIMIT_MS,
  );

  it(
    'a generation that never comes up: the run fails at its deadline, naming the last thing seen',
    async () => {
      await service.reconfigure({ machine: { deadlines: { unlock: 60 }, bootTries: 1 } });
      const built = await service.run('m1', { kind: 'rebuild', attribute: 'noboot' });
      expect(built).toMatchObject({ state: 'succeeded' });
      const failed = await service.run('m1', { kind: 'reboot' });
      expect(failed).toMatchObject({
        state: 'failed',
        error: { code: 'deadline-passed', message: expect.stringMatching(/unlock.*last seen.*SSH/) },
      });
    },
    RUN_LIMIT_MS,
  );

  it(
    'a changed stage-1 host key: nothing secret leaves, both fingerprints are told, and a netboot gets the machine back',
    async () => {
      // Stage 1 of the disk does not come up any more: the network does. First with a key pinned that it does not have.
      const wrongKey = rig.image.flavours.systemd.stage1HostKey;
      const identity = `file:${rig.image.clientKey}`;
      await service.reconfigure({ machine: { stage1: { hostKeys: [wrongKey], identity } } });
      const power = await service.run('m1', { kind: 'power', verb: 'off' });
      expect(power).toMatchObject({ state: 'succeeded' });
      const refused = await service.run('m1', { kind: 'boot' });
      expect(refused).toMatchObject({
        state: 'failed',
        error: { code: 'host-key-changed', hint: expect.stringContaining('hostKeys') },
      });
      expect(refused.error?.message.match(/SHA256:/g)?.length).toBeGreaterThanOrEqual(2);
      const events = await service.api().events(refused.id);
      expect(events.some((event) => event.type === 'unlock.attempted')).toBe(false);

      await service.reconfigure({ machine: {} });
      const unlocked = await service.run('m1', { kind: 'unlock' });
      expect(unlocked).toMatchObject({ state: 'succeeded', error: null });
    },
    RUN_LIMIT_MS,
  );

  it(
    'a BMC that is gone, and one that refuses the password: said plainly, the service stays up',
    async () => {
      await rig.machine(1).bmcGone();
      const gone = await service.run('m1', { kind: 'power', verb: 'reset' });
      expect(gone).toMatchObject({ state: 'failed' });
      expect(gone.error?.message).toContain(rig.machine(1).bmc.host);
      await rig.machine(1).bmcBack();
      await service.reconfigure({ bmcPassword: 'not-the-password' });
      const refused = await service.run('m1', { kind: 'power', verb: 'off' });
      expect(refused).toMatchObject({ state: 'failed', error: { code: 'authentication-failed' } });
      expect(rig.machine(1).isOn()).toBe(true);
    },
    RUN_LIMIT_MS,
  );
});

/** Waits until the run's timeline has an event of that type, or one of that step. */
async function seen(service: LabService, runId: string, awaited: string): Promise<void> {
  const end = performance.now() + RUN_LIMIT_MS;
  while (performance.now() < end) {
    const events = await service.api().events(runId);
    if (events.some((event) => event.type === awaited || (event.type === 'step.entered' && event.step === awaited)))
      return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`never saw ${awaited}`);
}
