/** The rig itself: what tests and benchmarks take for granted of its machines, BMCs and network. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HardwareEvent } from './events.ts';
import type { LabMachine } from './machine.ts';
import { labNamespaces } from './owned.ts';
import { createRig, type Rig } from './rig.ts';

let rig: Rig;
let machine: LabMachine;

beforeAll(async () => {
  rig = await createRig();
  machine = rig.machine(1);
}, 600_000);
afterAll(() => rig.down());

test('the BMC powers the machine on with a boot override that lasts one POST', async () => {
  expect(await ipmi('chassis', 'power', 'status')).toContain('is off');
  await ipmi('chassis', 'bootdev', 'pxe');
  await ipmi('chassis', 'power', 'on');
  await eventually(() => expect(posts()).toEqual(['boot=pxe']));
  await ipmi('chassis', 'power', 'reset');
  await eventually(() => expect(posts()).toEqual(['boot=pxe', 'boot=none']));
  expect(machine.powerVerbs()).toEqual(['on', 'reset']);
}, 30_000);

test('a machine whose hardware dies is off, and can be powered on again', async () => {
  machine.killHardware();
  await eventually(() => expect(last(machine.events())).toMatchObject({ kind: 'end', words: ['died'] }));
  expect(await ipmi('chassis', 'power', 'status')).toContain('is off');
  await ipmi('chassis', 'power', 'on');
  await eventually(() => expect(machine.isOn()).toBe(true));
}, 30_000);

test('a BMC that is gone or deaf does not answer, and comes back without touching the power', async () => {
  const before = machine.events().length;
  await machine.bmcGone();
  await expect(ipmi('chassis', 'power', 'status')).rejects.toThrow('Unable to establish');
  await machine.bmcBack();
  machine.bmcDeaf();
  await expect(ipmi('chassis', 'power', 'status')).rejects.toThrow('Unable to establish');
  await machine.bmcBack();
  expect(await ipmi('chassis', 'power', 'status')).toContain('is on');
  expect(machine.events()).toHaveLength(before);
}, 30_000);

test('two rigs live side by side, and one that is down leaves nothing', async () => {
  const other = await createRig({ machines: [] });
  expect(other.service.host).not.toBe(rig.service.host);
  await other.down();
  expect(labNamespaces().filter((name) => name.includes(other.id))).toEqual([]);
  expect(labNamespaces().filter((name) => name.includes(rig.id))).toHaveLength(2);
}, 30_000);

/** The override of each POST so far. */
function posts(): (string | undefined)[] {
  return machine.events().flatMap(({ kind, words }) => (kind === 'post' ? [words[0]] : []));
}

function last(events: readonly HardwareEvent[]): HardwareEvent | undefined {
  return events.at(-1);
}

/** One ipmitool command with short patience; its failure is thrown. */
async function ipmi(...command: string[]): Promise<string> {
  const { host, user, password } = machine.bmc;
  const tool = ['ipmitool', '-I', 'lanplus', '-C', '3', '-N', '1', '-R', '2', '-H', host, '-U', user, '-P', password];
  const result = await rig.exec([...tool, ...command]);
  if (result.code !== 0) throw new Error(result.stderr);
  return result.stdout;
}

/** Repeats an expectation until it holds, for at most ten seconds. */
async function eventually(expectation: () => void): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      expectation();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100)); // not yet
    }
  }
  expectation();
}
