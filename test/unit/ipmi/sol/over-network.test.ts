import { describe, expect, test } from 'vitest';
import type { Bmc } from '../../../../src/domain/ports/bmc.ts';
import type {
  SerialConsole,
  SerialConsoleEvent,
  SerialConsoleOptions,
} from '../../../../src/domain/ports/serial-console.ts';
import { createPlainChassis } from '../../../../src/simulator/bmc/chassis.ts';
import type { FaultHook } from '../../../../src/simulator/bmc/faults.ts';
import { createScriptedLine } from '../../../../src/simulator/bmc/sol/serial-line.ts';
import { openBmcSol, type SolBehaviour } from '../../../../src/simulator/bmc/sol/sol-behaviour.ts';
import { createRig, never } from '../rig.ts';
import { createSeededEntropy } from '../seeded-entropy.ts';

type Watched = SerialConsole & { readonly events: SerialConsoleEvent[]; transcript(): string; story(): string[] };

function openConsole(bmc: Bmc, options: SerialConsoleOptions = {}): Watched {
  const events: SerialConsoleEvent[] = [];
  const opened = bmc.console?.((event) => {
    events.push(event.kind === 'output' ? { kind: 'output', bytes: Buffer.from(event.bytes) } : event);
  }, options);
  if (opened === undefined) throw new Error('this BMC has no console');
  return {
    ...opened,
    events,
    transcript: () =>
      events
        .map((event) =>
          event.kind === 'output' ? event.bytes.toString('latin1') : event.kind === 'lost' ? '[lost]' : '',
        )
        .join(''),
    story: () =>
      events.flatMap((event) =>
        event.kind === 'output' ? [] : [event.kind === 'disconnected' ? event.reason : event.kind],
      ),
  };
}

async function closed(resource: AsyncDisposable): Promise<void> {
  await resource[Symbol.asyncDispose]();
}

async function createConsoleRig(sol: Partial<SolBehaviour> = {}, faults: FaultHook = () => undefined) {
  const line = createScriptedLine();
  const chassis = { ...createPlainChassis(), serial: line };
  const rig = await createRig({ bmc: { chassis, sol, faults } });
  return { rig, line, sol: rig.simulated.sol };
}

/** Loses, doubles and delays a share of all datagrams, session set-up's and commands' included. */
function unreliable(seed: string, after: { armed: boolean }): FaultHook {
  const entropy = createSeededEntropy(seed);
  return () => {
    const dice = entropy.bytes(2).readUInt16BE() % 100;
    if (!after.armed) return undefined;
    if (dice < 20) return { kind: 'drop' };
    if (dice < 30) return { kind: 'duplicate' };
    return dice < 40 ? { kind: 'delay', ms: 60 } : undefined;
  };
}

describe('a console in a real session', () => {
  test.each([3, 17])('suite %i: both ways, then given up and the session closed', async (suite) => {
    const { rig, line } = await createConsoleRig();
    await using _rig = rig;
    const bmc = await rig.open({ cipherSuites: [suite] });
    const console = openConsole(bmc);
    await rig.clock.advance(100);
    line.output('Kernel panic: not today\r\n');
    await rig.clock.advance(100);
    await rig.value(console.write(Buffer.from([0, 1, 0x7f, 0x80, 0xff, 0x0d]), never));
    expect(console.transcript()).toBe('Kernel panic: not today\r\n');
    expect(line.received().toString('hex')).toBe('00017f80ff0d');
    await rig.value(closed(console));
    expect(rig.simulated.sol?.owner()).toBe(0);
    expect(rig.simulated.requests.get('Deactivate Payload')).toBe(1);
    expect(rig.simulated.dropped).toBe(0);
    await rig.value(closed(bmc));
  });

  test('commands go on beside the console, in the same session', async () => {
    const { rig, line } = await createConsoleRig();
    await using _rig = rig;
    const console = openConsole(rig.bmc);
    await rig.clock.advance(100);
    const power = rig.bmc.powerState(never);
    line.output('output\r\n');
    expect(await rig.value(power)).toBe('off');
    await rig.clock.advance(100);
    expect(console.transcript()).toBe('output\r\n');
    expect(rig.simulated.sessions).toBe(1);
    await rig.value(closed(console));
  });

  test('the keep-alive holds a quiet session for an hour', async () => {
    const { rig, line } = await createConsoleRig();
    await using _rig = rig;
    const console = openConsole(rig.bmc);
    await rig.clock.advance(3_600_000);
    line.output('still here');
    await rig.clock.advance(1_000);
    expect(console.story()).toEqual(['connected']);
    expect(console.transcript()).toBe('still here');
    await rig.value(closed(console));
  });

  test.each([
    ['by the book', { resends: 60 }],
    ['OpenBMC', { ...openBmcSol, resends: 60 }],
  ])('%s, a fifth of all datagrams lost, a tenth doubled, a tenth late: every byte once', async (name, behaviour) => {
    for (const seed of ['a', 'b', 'c', 'd', 'e']) {
      const after = { armed: false };
      const { rig, line } = await createConsoleRig(behaviour, unreliable(`${name} ${seed}`, after));
      await using _rig = rig;
      const console = openConsole(rig.bmc);
      await rig.clock.advance(500);
      after.armed = true;
      const writes: Promise<unknown>[] = [];
      for (let round = 0; round < 30; round++) {
        line.output(`<${round}>${'o'.repeat(round)}`);
        writes.push(console.write(Buffer.from(`[${round}]`), never).catch(() => undefined));
        await rig.clock.advance(50);
      }
      await rig.clock.advance(120_000);
      await Promise.all(writes);
      const rounds = Array.from({ length: 30 }, (_, round) => round);
      expect(console.transcript()).toBe(rounds.map((round) => `<${round}>${'o'.repeat(round)}`).join(''));
      expect(line.received().toString()).toBe(rounds.map((round) => `[${round}]`).join(''));
      expect(console.story()).toEqual(['connected']);
      after.armed = false;
      await rig.value(closed(console));
    }
  });

  test('the controller restarts: told, and set up again in a new session', async () => {
    const { rig, line } = await createConsoleRig();
    await using _rig = rig;
    const console = openConsole(rig.bmc);
    await rig.clock.advance(1_000);
    rig.simulated.restart(5_000);
    await rig.clock.advance(120_000);
    expect(console.story().slice(0, 2)).toEqual(['connected', 'lost']);
    expect(console.story().at(-1)).toBe('connected');
    line.output('back');
    await rig.clock.advance(1_000);
    expect(console.transcript()).toBe('back');
    await rig.value(closed(console));
  });

  test('stolen, then occupied, then taken back because somebody asked', async () => {
    const { rig } = await createConsoleRig();
    await using _rig = rig;
    const first = openConsole(rig.bmc);
    await rig.clock.advance(1_000);
    // A console of ours would share the session: the thief is one that the controller knows alone.
    const owner = rig.simulated.sol?.owner();
    rig.simulated.sol?.deactivate(1);
    rig.simulated.sol?.activate(0x1234_5678, { payloadType: 1, instance: 1, auxiliary: 0xc0 });
    await rig.clock.advance(5_000);
    expect(first.events.at(-1)).toMatchObject({ reason: 'stolen', why: /session 12345678h/, retryMs: null });
    first.reconnect({});
    await rig.clock.advance(1_000);
    expect(first.events.at(-1)).toMatchObject({ reason: 'occupied', retryMs: null });
    first.reconnect({ steal: true });
    await rig.clock.advance(1_000);
    expect(first.story()).toEqual(['connected', 'stolen', 'occupied', 'connected']);
    expect(rig.simulated.sol?.owner()).toBe(owner);
    await rig.value(closed(first));
  });

  test('a wrong password: refused, and tried once', async () => {
    const { rig } = await createConsoleRig();
    await using _rig = rig;
    const bmc = await rig.open({ user: 'nobody' });
    const console = openConsole(bmc);
    await rig.clock.advance(600_000);
    expect(console.story()).toEqual(['refused']);
    await rig.value(closed(console));
  });

  test('a controller without a serial line refuses the console with a reason', async () => {
    await using rig = await createRig();
    const console = openConsole(rig.bmc);
    await rig.clock.advance(1_000);
    expect(console.events).toMatchObject([{ reason: 'refused', why: /Activate Payload/ }]);
    await rig.value(closed(console));
  });
});
