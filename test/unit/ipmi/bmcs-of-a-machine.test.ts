import { describe, expect, test } from 'vitest';
import type { Machine } from '../../../src/domain/machine.ts';
import type { Bmc } from '../../../src/domain/ports/bmc.ts';
import { createBmcs } from '../../../src/drivers/bmc/bmcs.ts';
import { InvalidRequestError, UnreachableError } from '../../../src/foundation/errors.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { never } from './rig.ts';

const unasked = (): never => {
  throw new Error('nobody should be asked');
};

describe('a machine without a BMC', () => {
  const bmcs = createBmcs({
    ipmi: { open: unasked, resetAuthentication: unasked },
    secrets: { open: unasked },
    clock: createManualClock(),
    log: silentLog,
  });
  const machine = { id: 'm', spec: { name: 'shelf', bmcs: [] } } as unknown as Machine;

  test('has nothing to be opened', async () => {
    await expect(bmcs.open(machine, never)).rejects.toThrow(/shelf has no BMC: its power/);
  });

  test('has no login to be allowed again, and nobody is told that there is', async () => {
    const reset = bmcs.resetAuthentication(machine, { unpin: false }, never);
    await expect(reset).rejects.toBeInstanceOf(InvalidRequestError);
    await expect(reset).rejects.toThrow(/shelf has no BMC/);
  });
});

describe('a machine with several', () => {
  const entry = (host: string) => ({ protocol: 'ipmi', host, user: 'admin', password: 'env:P' });
  const machineWith = (...hosts: string[]) =>
    ({ id: 'm', spec: { name: 'm', bmcs: hosts.map(entry) } }) as unknown as Machine;

  /** Which hosts were asked, and which answer. */
  function rig(...alive: string[]) {
    const asked: string[] = [];
    const answering = new Set(alive);
    const clock = createManualClock();
    const bmcs = createBmcs({
      ipmi: {
        open: async ({ host }) => {
          const powerState = async () => {
            asked.push(host);
            if (!answering.has(host)) throw new UnreachableError(`no answer from ${host}`);
            return 'on';
          };
          return { powerState, [Symbol.asyncDispose]: async () => undefined } as unknown as Bmc;
        },
        resetAuthentication: unasked,
      },
      secrets: { open: async () => Secret.fromText('p') },
      clock,
      log: silentLog,
    });
    const asks = async (machine: Machine) => {
      asked.length = 0;
      const opened = await bmcs.open(machine, never).then(
        () => 'open',
        (error: Error) => error.message,
      );
      return [...asked, opened];
    };
    return { asks, answering, clock };
  }

  test('is asked in the configured order, and the one that stands in first for a minute', async () => {
    const { asks, clock } = rig('b', 'c');
    const machine = machineWith('a', 'b', 'c');
    expect(await asks(machine)).toEqual(['a', 'b', 'open']);
    expect(await asks(machine)).toEqual(['b', 'open']);
    await clock.advance(59_000);
    expect(await asks(machine)).toEqual(['b', 'open']);
    await clock.advance(2_000);
    expect(await asks(machine)).toEqual(['a', 'b', 'open']);
  });

  test('goes through all of them when the one that stood in is gone as well, and tells the first again', async () => {
    const { asks, answering } = rig('b');
    const machine = machineWith('a', 'b', 'c');
    await asks(machine);
    answering.delete('b');
    answering.add('a');
    expect(await asks(machine)).toEqual(['b', 'a', 'open']);
    expect(await asks(machine)).toEqual(['a', 'open']);
    answering.clear();
    expect(await asks(machine)).toEqual(['a', 'b', 'c', 'no answer from c']);
  });

  test('is not asked for an entry that it no longer has', async () => {
    const { asks } = rig('b', 'd');
    await asks(machineWith('a', 'b'));
    expect(await asks(machineWith('a', 'd'))).toEqual(['a', 'd', 'open']);
  });
});
