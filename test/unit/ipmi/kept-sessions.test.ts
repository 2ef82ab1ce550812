import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/foundation/secret.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import type { FaultHook } from '../../../src/simulator/bmc/faults.ts';
import { createScriptedLine } from '../../../src/simulator/bmc/sol/serial-line.ts';
import { createRig, never } from './rig.ts';

const requests = (rig: { simulated: { requests: ReadonlyMap<string, number> } }, name: string): number =>
  rig.simulated.requests.get(name) ?? 0;

describe('a kept session', () => {
  test('is one per BMC and credential, whoever opens it', async () => {
    await using rig = await createRig();
    const others = await Promise.all([rig.open(), rig.open(), rig.open()]);
    const states = await rig.value(Promise.all([rig.bmc, ...others].map((bmc) => bmc.powerState(never))));
    expect(states).toEqual(['off', 'off', 'off', 'off']);
    expect(rig.simulated.sessions).toBe(1);
    expect(rig.bmcs.sessions).toBe(1);
  });

  test('costs one round trip a read', async () => {
    await using rig = await createRig();
    await rig.value(rig.bmc.powerState(never));
    const before = rig.network.carried.length;
    await rig.value(rig.bmc.powerState(never));
    expect(rig.network.carried.length - before).toBe(2);
  });

  test('of another privilege is another session', async () => {
    await using rig = await createRig();
    const other = await rig.open({ privilege: 'administrator' });
    await rig.value(Promise.all([rig.bmc.powerState(never), other.powerState(never)]));
    expect(rig.simulated.sessions).toBe(2);
  });

  test('is kept alive while held, by one Get Device ID before each idle limit', async () => {
    await using rig = await createRig({ bmc: { limits: { idleMs: 30_000 } } });
    await rig.value(rig.bmc.powerState(never));
    for (let second = 0; second < 600; second++) await rig.clock.advance(1_000);
    expect(rig.simulated.sessions).toBe(1);
    const probes = requests(rig, 'Get Device ID');
    expect(probes).toBeGreaterThanOrEqual(30);
    expect(probes).toBeLessThanOrEqual(40);
    const before = rig.network.carried.length;
    expect(await rig.value(rig.bmc.powerState(never))).toBe('off');
    expect(rig.network.carried.length - before).toBe(2);
  });

  test('is not kept alive when nobody holds it: closed, and its place given back', async () => {
    await using rig = await createRig();
    await rig.value(rig.bmc.powerState(never));
    await rig.bmc[Symbol.asyncDispose]();
    for (let second = 0; second < 60; second++) await rig.clock.advance(1_000);
    expect(rig.simulated.sessions).toBe(0);
    expect(requests(rig, 'Get Device ID')).toBe(0);
    expect(requests(rig, 'Close Session')).toBe(1);
  });

  test('opened again while it lingers is the same one', async () => {
    await using rig = await createRig();
    await rig.value(rig.bmc.powerState(never));
    await rig.bmc[Symbol.asyncDispose]();
    await rig.clock.advance(5_000);
    const again = await rig.open();
    const before = rig.network.carried.length;
    await rig.value(again.powerState(never));
    expect(rig.network.carried.length - before).toBe(2);
    for (let second = 0; second < 60; second++) await rig.clock.advance(1_000);
    expect(rig.simulated.sessions).toBe(1);
  });

  test('survives a restart of the BMC: the next read logs in again', async () => {
    await using rig = await createRig();
    await rig.value(rig.bmc.powerState(never));
    rig.simulated.forgetSessions();
    const result = await rig.finish(rig.bmc.powerState(never));
    expect(result).toMatchObject({ kind: 'value', value: 'off' });
    expect(result.ms).toBeLessThanOrEqual(1_500);
    expect(rig.simulated.sessions).toBe(1);
  });

  test('that carries a console is not given up for three lost packets', async () => {
    let lost = 0;
    const faults: FaultHook = ({ direction }) =>
      direction === 'to-bmc' && lost > 0 && lost-- > 0 ? { kind: 'drop' } : undefined;
    const chassis = { ...createPlainChassis(), serial: createScriptedLine() };
    await using rig = await createRig({ bmc: { faults, chassis } });
    await rig.value(rig.bmc.powerState(never));
    const events: string[] = [];
    await using _line = rig.bmc.console?.((event) => void events.push(event.kind), {});
    await rig.clock.advance(100);
    expect(events).toEqual(['connected']);
    lost = 3;
    expect(await rig.value(rig.bmc.powerState(never))).toBe('off');
    expect(rig.network.carried.filter(({ data }) => data[5] === 0x10)).toHaveLength(1);
  });

  test('that is gone is called so to who looks at its console', async () => {
    const chassis = { ...createPlainChassis(), serial: createScriptedLine() };
    await using rig = await createRig({ bmc: { chassis } });
    const told: string[] = [];
    await using _line = rig.bmc.console?.((event) => {
      if (event.kind === 'disconnected') told.push(event.why);
    }, {});
    await rig.clock.advance(100);
    rig.simulated.forgetSessions();
    expect(await rig.value(rig.bmc.powerState(never))).toBe('off');
    expect(told).toEqual([expect.stringMatching(/is over: the controller has lost or ended it, or it was closed$/)]);
  });

  test('survives a BMC that is gone for minutes, without a word in between but keep-alives', async () => {
    let gone = false;
    const faults: FaultHook = () => (gone ? { kind: 'drop' } : undefined);
    await using rig = await createRig({ bmc: { faults } });
    await rig.value(rig.bmc.powerState(never));
    gone = true;
    for (let second = 0; second < 300; second++) await rig.clock.advance(1_000);
    const sent = rig.network.carried.length;
    // Given up after one round of attempts: a dead BMC is not knocked at for ever.
    expect(sent).toBeLessThan(40);
    gone = false;
    expect(await rig.value(rig.bmc.powerState(never))).toBe('off');
  });

  test('a credential that was rejected meanwhile is not tried by the keep-alive', async () => {
    const user = { name: 'admin', password: 'secret', privilege: 4 };
    await using rig = await createRig({ bmc: { users: [user] } });
    await rig.value(rig.bmc.powerState(never));
    user.password = 'changed';
    rig.simulated.forgetSessions();
    for (let second = 0; second < 120; second++) await rig.clock.advance(1_000);
    const rakp1 = rig.network.carried.filter(({ data }) => data[5] === 0x12).length;
    expect(rakp1).toBe(2);
    const changed = await rig.open({ password: Secret.fromText('changed') });
    expect(await rig.value(changed.powerState(never))).toBe('off');
  });

  test('two commands at once are sent one after the other, in the same session', async () => {
    await using rig = await createRig();
    await rig.value(Promise.all([rig.bmc.identity(never), rig.bmc.powerState(never), rig.bmc.power('on', never)]));
    expect(rig.simulated.sessions).toBe(1);
    expect(rig.simulated.powerLog).toHaveLength(1);
  });
});

describe('privilege', () => {
  test('is raised to what a command needs, once', async () => {
    await using rig = await createRig({ target: { privilege: 'administrator' } });
    await rig.value(rig.bmc.powerState(never));
    expect(requests(rig, 'Set Session Privilege Level')).toBe(0);
    await rig.value(rig.bmc.power('on', never));
    await rig.value(rig.bmc.bootOverride(never));
    expect(requests(rig, 'Set Session Privilege Level')).toBe(1);
  });

  test('a session that was not heard of for a second is confirmed before a verb is spent on it', async () => {
    await using rig = await createRig();
    await rig.value(rig.bmc.power('on', never));
    await rig.clock.advance(5_000);
    await rig.value(rig.bmc.power('off', never));
    expect(requests(rig, 'Set Session Privilege Level')).toBe(2);
  });
});

describe('a pinned suite', () => {
  test('outlives the process: what was agreed to is tried first, and nothing weaker', async () => {
    const pinned = new Map<string, number>();
    const pins = {
      get: (bmc: string) => pinned.get(bmc),
      set: (bmc: string, suite: number) => void pinned.set(bmc, suite),
      forget: (bmc: string) => void pinned.delete(bmc),
    };
    {
      await using first = await createRig({ pins });
      await first.value(first.bmc.powerState(never));
    }
    expect([...pinned]).toEqual([['192.0.2.7:623', 17]]);
    await using second = await createRig({ pins, bmc: { cipherSuites: [3] } });
    const refused = await second.finish(second.bmc.powerState(never));
    expect(refused).toMatchObject({ kind: 'error', error: { message: expect.stringMatching(/stronger one before/) } });
    await second.bmcs.resetAuthentication({ host: '192.0.2.7' }, { unpin: true }, never);
    expect(await second.value(second.bmc.powerState(never))).toBe('off');
    expect([...pinned]).toEqual([['192.0.2.7:623', 3]]);
  });
});
