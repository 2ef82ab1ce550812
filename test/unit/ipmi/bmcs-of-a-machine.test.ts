import { describe, expect, test } from 'vitest';
import type { Machine } from '../../../src/domain/machine.ts';
import { createBmcs } from '../../../src/drivers/bmc/bmcs.ts';
import { InvalidRequestError } from '../../../src/foundation/errors.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { never } from './rig.ts';

const unasked = (): never => {
  throw new Error('nobody should be asked');
};

describe('a machine without a BMC', () => {
  const bmcs = createBmcs({
    ipmi: { open: unasked, resetAuthentication: unasked },
    secrets: { open: unasked },
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
