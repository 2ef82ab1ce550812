import { describe, expect, it } from 'vitest';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { newSshKey } from '../../../src/simulator/ssh/ssh-key.ts';
import { SITE_SECRETS } from '../../support/simulated-site.ts';
import { fingerprintOf } from './fingerprint.ts';
import { createRig, onlyMachine, type RigOptions, until } from './rig.ts';

// What the service must not do although it was ordered to: guess passphrases, and talk to a stranger.

describe.concurrent('a wrong passphrase', () => {
  const ways = (['initramfs', 'systemd'] as const).flatMap((flavour) =>
    [true, false].map((netboot) => ({ flavour, netboot, name: netboot ? 'netbooted' : 'from disk' })),
  );

  it.each(ways)(
    '$flavour, $name: one try, the machine waits, and a later unlock goes on',
    {
      timeout: 60_000,
    },
    async ({ flavour, netboot }) => {
      await using rig = await createRig({
        flavour,
        simulated: { diskFlavour: flavour },
        passphrase: 'not the right one',
      });
      const { machine, name } = onlyMachine(rig);
      const run = await rig.run(name, { kind: 'boot', netboot });
      expect(run).toMatchObject({
        state: 'failed',
        error: { code: 'wrong-passphrase', details: { disk: 'cryptroot' } },
      });
      expect(run.error?.message).toContain('cryptroot');
      expect(run.error?.hint).toContain('unlock');
      const received = (): boolean[] => machine.passphrases.map(({ right }) => right);
      expect(received()).toEqual([false]);

      // Nobody tries again by himself, however long it waits.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect(received()).toEqual([false]);
      expect(machine.phase()).toBe('stage-1');

      rig.site.setPassphrase(SITE_SECRETS.passphrase);
      const unlock = await rig.run(name, { kind: 'unlock' });
      expect(unlock.error ?? unlock.state).toBe('succeeded');
      expect(received()).toEqual([false, true]);
      expect(new Set(machine.passphrases.map(({ bootId }) => bootId)).size, 'the same boot').toBe(1);
      expect(machine.phase()).toBe('stage-3');
      await rig.events(name);
    },
  );

  it.each(['initramfs', 'systemd'] as const)(
    '%s: and kill -9 while it is being tried: still one try',
    {
      timeout: 60_000,
    },
    async (flavour) => {
      await using rig = await createRig({ flavour, passphrase: 'not the right one' });
      const { machine, name } = onlyMachine(rig);
      const { id } = await rig.api.place(name, { kind: 'boot' });
      await until('a passphrase to arrive', () => machine.passphrases.length > 0);
      await rig.service().kill();
      await rig.restart();
      const run = await rig.api.ended(id, 40_000);
      expect(run).toMatchObject({
        state: 'failed',
        error: { code: 'wrong-passphrase', details: { disk: 'cryptroot' } },
      });
      expect(machine.passphrases.map(({ right }) => right)).toEqual([false]);
    },
  );

  it('leaves the last try of a boot to a human', { timeout: 60_000 }, async () => {
    await using rig = await createRig({ passphrase: 'not the right one' });
    const { machine, name } = onlyMachine(rig);
    const codes = [(await rig.run(name, { kind: 'boot' })).error?.code];
    for (let more = 0; more < 2; more++) codes.push((await rig.run(name, { kind: 'unlock' })).error?.code);
    expect(codes).toEqual(['wrong-passphrase', 'wrong-passphrase', 'tries-spent']);
    expect(machine.passphrases).toHaveLength(2);
  });

  it('of one of two disks: names that disk', { timeout: 60_000 }, async () => {
    const disks = [
      { name: 'cryptroot', passphrase: SITE_SECRETS.passphrase },
      { name: 'cryptdata', passphrase: 'the other one' },
    ];
    await using rig = await createRig({
      flavour: 'systemd',
      simulated: { disks },
      prepare(site) {
        const passphrase = site.secret('passphrase', SITE_SECRETS.passphrase);
        site.declare({ disks: disks.map((disk) => ({ name: disk.name, passphrase })) });
      },
    });
    const { machine, name } = onlyMachine(rig);
    const run = await rig.run(name, { kind: 'boot' });
    expect(run.error).toMatchObject({ code: 'wrong-passphrase', details: { disk: 'cryptdata' } });
    const received = machine.passphrases.map(({ disk, right }) => `${disk} ${right}`).sort();
    expect(received).toEqual(['cryptdata false', 'cryptroot true']);
  });
});

describe.concurrent('a host key that is not the pinned one', () => {
  const other = newSshKey(systemEntropy);
  const pinning = (stage: 'stage1' | 'stage3'): RigOptions => ({
    prepare(site) {
      const identity = `file:${site.folder}/identity`;
      site.declare({ [stage]: { port: 2222, hostKeys: [other.public], identity } });
    },
  });

  it('of stage 1: nothing leaves, and the run says what was seen, what was expected and how to enrol', {
    timeout: 60_000,
  }, async () => {
    await using rig = await createRig(pinning('stage1'));
    const { machine, name } = onlyMachine(rig);
    const run = await rig.run(name, { kind: 'boot' });
    expect(machine.passphrases).toEqual([]);
    const counts = machine.servers.get(1)?.counts;
    expect(counts).toMatchObject({ authentications: 0, commands: 0 });
    expect(counts?.connections).toBeGreaterThan(0);
    const seen = fingerprintOf(machine.spec.hostKeys.stage1);
    expect(run).toMatchObject({ state: 'failed', error: { code: 'host-key-changed', details: { seen } } });
    expect(run.error?.message).toContain(fingerprintOf(other.private));
    expect(run.error?.message).toContain(seen);
    expect(run.error?.hint).toMatch(/enrol.*ssh-ed25519 .*hostKeys/);
    expect(machine.phase(), 'left as it is').toBe('stage-1');

    const unlock = await rig.run(name, { kind: 'unlock' });
    expect(unlock.error?.code).toBe('host-key-changed');
    expect(machine.passphrases).toEqual([]);
    expect(machine.servers.get(1)?.counts).toMatchObject({ authentications: 0, commands: 0 });
  });

  it('of stage 3: not even a user name is sent to it', { timeout: 60_000 }, async () => {
    await using rig = await createRig(pinning('stage3'));
    const { machine, name } = onlyMachine(rig);
    const run = await rig.run(name, { kind: 'update' });
    const seen = fingerprintOf(machine.spec.hostKeys.stage3);
    expect(run).toMatchObject({ state: 'failed', error: { code: 'host-key-changed', details: { seen } } });
    expect(run.error?.message).toContain(fingerprintOf(other.private));
    expect(machine.servers.get(3)?.counts).toMatchObject({ authentications: 0, commands: 0 });
    expect(machine.rebuilds).toEqual([]);
    expect(
      machine.passphrases.map(({ right }) => right),
      'stage 1 was the right one',
    ).toEqual([true]);
  });
});
