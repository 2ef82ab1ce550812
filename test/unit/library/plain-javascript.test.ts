import { describe, expect, it } from 'vitest';
import { InvalidRequestError } from '../../../src/foundation/errors.ts';
import { commands } from '../../../src/library/commands.ts';
import { createIpmi } from '../../../src/library/create-ipmi.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import { createLibraryRig } from './rig.ts';

// What the compiler would have refused must not reach a machine either: 0 on the wire is "power down".

const NOT_A_NUMBER = Number.NaN;

describe('calls from plain JavaScript', () => {
  it('that make no sense are refused, and nothing is sent', async () => {
    await using rig = await createLibraryRig({ bmc: { chassis: createPlainChassis({ poweredOn: true }) } });
    const client = await rig.open();
    const anything = untyped(client);
    const calls: readonly (() => Promise<unknown>)[] = [
      () => anything.power?.('restart') ?? nothing(),
      () => anything.power?.() ?? nothing(),
      () => anything.power?.('toString') ?? nothing(),
      () => anything.power?.('off', { settleMs: NOT_A_NUMBER }) ?? nothing(),
      () => anything.power?.('off', { pollMs: -1 }) ?? nothing(),
      () => anything.setPowerRestorePolicy?.('unknown') ?? nothing(),
      () => anything.setBootOverride?.({ device: 'network' }) ?? nothing(),
      () => anything.identify?.('blink') ?? nothing(),
      () => anything.setClock?.(new Date('yesterday')) ?? nothing(),
      () => anything.users?.({ channel: 16 }) ?? nothing(),
      () => anything.lan?.({ channel: 'LAN' }) ?? nothing(),
      () => anything.cipherSuites?.({ channel: 1.5 }) ?? nothing(),
      () => anything.raw?.({ netFn: 6, command: 1, data: [256] }) ?? nothing(),
      () => anything.raw?.({ netFn: 6, command: 1, data: ['1'] }) ?? nothing(),
      () => anything.raw?.({ netFn: 7, command: 1 }) ?? nothing(),
      () => anything.raw?.({ command: 1 }) ?? nothing(),
      () => anything.request?.(commands.getDeviceId, undefined, { lun: 4 }) ?? nothing(),
      () => anything.attempt?.(commands.getDeviceId, undefined, { lun: NOT_A_NUMBER }) ?? nothing(),
    ];
    for (const call of calls) expect(await rig.failure(call()), String(call)).toBeInstanceOf(InvalidRequestError);
    expect(rig.network.carried).toHaveLength(0);
    expect(rig.chassis.poweredOn()).toBe(true);
  });

  it('a console that nobody listens to is refused', async () => {
    await using rig = await createLibraryRig();
    const anything = untyped(await rig.open());
    expect(() => anything.openConsole?.()).toThrow(InvalidRequestError);
    expect(() => anything.openConsole?.({ steal: true })).toThrow(/onEvent/);
    await rig.clock.advance(1_000);
    expect(rig.network.carried).toHaveLength(0);
  });

  it.each([
    { attempts: 0 },
    { attempts: 1.5 },
    { firstWaitMs: NOT_A_NUMBER },
    { operationMs: Number.POSITIVE_INFINITY },
    { lingerMs: -1 },
  ])('options that are no numbers are refused: %j', (options) => {
    expect(() => createIpmi(options)).toThrow(InvalidRequestError);
  });

  it('keys that are there and undefined leave the defaults in force', async () => {
    await using rig = await createLibraryRig({
      ipmi: Object.fromEntries([
        ['attempts', undefined],
        ['log', undefined],
      ]),
    });
    const client = await rig.open(
      Object.fromEntries([
        ['port', undefined],
        ['privilege', undefined],
      ]),
    );
    expect(await rig.value(client.powerState())).toBe('off');
  });
});

function untyped(client: object): Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>> {
  return Object.fromEntries(Object.entries(client));
}

function nothing(): Promise<never> {
  return Promise.reject(new Error('there is no such method'));
}
