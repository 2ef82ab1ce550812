import { describe, expect, test } from 'vitest';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { BootDeviceSelector } from '../../../src/protocols/ipmi/commands/chassis/boot-flags.ts';
import { createSimulatedMachine, type SimulatedMachine } from '../../../src/simulator/machine/simulated-machine.ts';
import type { NetbootResult, SimulatedMachineSpec } from '../../../src/simulator/machine/spec.ts';
import { newSshKey } from '../../../src/simulator/ssh/ssh-key.ts';
import { createManualClock, type ManualClock, settle } from '../../support/manual-clock.ts';
import { ownAddress } from '../../support/simulated-host.ts';

const pxe = { valid: true, persistent: false, efi: false, device: BootDeviceSelector.pxe };

function machineWith(
  spec: Partial<SimulatedMachineSpec> = {},
  netboot?: (signal: AbortSignal) => Promise<NetbootResult>,
): { machine: SimulatedMachine; clock: ManualClock } {
  const clock = createManualClock();
  const machine = createSimulatedMachine(
    { clock, entropy: systemEntropy, log: silentLog, ...(netboot === undefined ? {} : { netboot }) },
    {
      name: 'm',
      address: ownAddress(),
      ports: { stage1: 2222, stage3: 2222 },
      hostKeys: { stage1: newSshKey(systemEntropy).private, stage3: newSshKey(systemEntropy).private },
      authorizedKeys: [],
      disks: [],
      diskFlavour: 'initramfs',
      ...spec,
    },
  );
  return { machine, clock };
}

/** Moves time in small steps until the phase is there; opening a port takes turns of the event loop, not time. */
async function until(clock: ManualClock, machine: SimulatedMachine, phase: string): Promise<void> {
  for (let i = 0; i < 500 && machine.phase() !== phase; i++) {
    await clock.advance(10);
    await settle(5);
  }
  expect(machine.phase()).toBe(phase);
}

const phases = (machine: SimulatedMachine): string => machine.history.map(({ phase }) => phase).join(' ');

describe('simulated machine', () => {
  test('comes up from its disk and goes off at once', async () => {
    const { machine, clock } = machineWith();
    await using _ = machine;
    expect(machine.chassis.poweredOn()).toBe(false);
    machine.chassis.control('on');
    expect(machine.chassis.poweredOn()).toBe(true);
    await until(clock, machine, 'stage-3');
    expect(phases(machine)).toBe('firmware kernel stage-2 stage-3');
    machine.chassis.control('off');
    expect(machine.phase()).toBe('off');
    expect(machine.chassis.poweredOn()).toBe(false);
  });

  test('an off machine refuses all but on and off', async () => {
    const { machine } = machineWith();
    await using _ = machine;
    for (const action of ['cycle', 'reset', 'soft-off', 'diag'] as const) {
      expect(machine.chassis.control(action)).toBe('not-possible');
    }
    expect(machine.chassis.control('off')).toBe('done');
    expect(machine.phase()).toBe('off');
  });

  test('on twice is one boot; reset and cycle are another each', async () => {
    const { machine, clock } = machineWith();
    await using _ = machine;
    machine.chassis.control('on');
    machine.chassis.control('on');
    await until(clock, machine, 'stage-3');
    machine.chassis.control('reset');
    await until(clock, machine, 'stage-3');
    machine.chassis.control('cycle');
    await until(clock, machine, 'stage-3');
    expect(machine.history.filter(({ phase }) => phase === 'firmware')).toHaveLength(3);
  });

  test('the button is heard in stage 3 only', async () => {
    const { machine, clock } = machineWith({ disks: [{ name: 'root', passphrase: 'x' }] });
    await using _ = machine;
    machine.chassis.control('on');
    await until(clock, machine, 'stage-1');
    machine.chassis.control('soft-off');
    await clock.advance(5_000);
    expect(machine.phase()).toBe('stage-1');
    const { machine: open, clock: time } = machineWith();
    await using __ = open;
    open.chassis.control('on');
    await until(time, open, 'stage-3');
    open.chassis.control('soft-off');
    await until(time, open, 'off');
    expect(open.chassis.poweredOn()).toBe(false);
  });

  test('an override to the network counts once, the next boot is from disk', async () => {
    let asked = 0;
    const netboot = async (): Promise<NetbootResult> => {
      asked++;
      return { commandLine: 'init=/nix/store/unknown/init', flavour: 'systemd' };
    };
    const { machine, clock } = machineWith({}, netboot);
    await using _ = machine;
    machine.chassis.setBootFlags(pxe);
    machine.chassis.control('on');
    await until(clock, machine, 'stage-3');
    expect(asked).toBe(1);
    expect(machine.chassis.bootFlags().valid).toBe(false);
    machine.chassis.control('reset');
    await until(clock, machine, 'stage-3');
    expect(asked).toBe(1);
    machine.chassis.setBootFlags({ ...pxe, persistent: true });
    for (let i = 0; i < 2; i++) {
      machine.chassis.control('reset');
      await until(clock, machine, 'stage-3');
    }
    expect(asked).toBe(3);
  });

  test('nobody answers on the network: the disk is next', async () => {
    const { machine, clock } = machineWith({ bootFirst: 'network' }, () => Promise.reject(new Error('no offer')));
    await using _ = machine;
    machine.chassis.control('on');
    await until(clock, machine, 'stage-3');
    expect(phases(machine)).toBe('firmware netboot kernel stage-2 stage-3');
  });

  test('power off during netboot aborts it', async () => {
    let aborted = false;
    const netboot = (signal: AbortSignal): Promise<NetbootResult> =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          aborted = true;
          reject(signal.reason);
        }),
      );
    const { machine, clock } = machineWith({ bootFirst: 'network' }, netboot);
    await using _ = machine;
    machine.chassis.control('on');
    await until(clock, machine, 'netboot');
    machine.chassis.control('off');
    await settle();
    expect(aborted).toBe(true);
    expect(machine.phase()).toBe('off');
  });

  test('a generation that never comes up hangs after the kernel, until it is reset into another', async () => {
    const { machine, clock } = machineWith({ fates: { doomed: 'never-comes-up' } });
    await using _ = machine;
    const good = machine.generations.bootDefault();
    machine.generations.setBootDefault(machine.generations.build('doomed'));
    machine.chassis.control('on');
    await until(clock, machine, 'hung');
    await clock.advance(60_000);
    expect(machine.phase()).toBe('hung');
    machine.generations.setBootDefault(good);
    machine.chassis.control('cycle');
    await until(clock, machine, 'stage-3');
  });

  test('a port that is taken shows as a machine that hangs, saying why', async () => {
    const { machine, clock } = machineWith();
    await using _ = machine;
    const { machine: twin, clock: time } = machineWith({ address: machine.spec.address });
    await using __ = twin;
    machine.chassis.control('on');
    await until(clock, machine, 'stage-3');
    twin.chassis.control('on');
    await until(time, twin, 'hung');
    expect(twin.history.at(-1)?.detail).toContain('EADDRINUSE');
  });
});
