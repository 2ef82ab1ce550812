import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ShownEvent, ShownRun } from '../support/api-client.ts';
import { type LabService, RUN_LIMIT_MS, startLabService } from './lab-service.ts';
import { createRig, type Rig } from './rig/rig.ts';

// Real machines, from power-off to a verified new generation by one REST call: BIOS and UEFI side by side, once for
// each initrd flavour that is netbooted. The disk's own stage 1 is the other half of each chain.

describe.each(['initramfs', 'systemd'] as const)('the full chain, netbooting the %s initrd', (flavour) => {
  let rig: Rig;
  let service: LabService;

  beforeAll(async () => {
    rig = await createRig({ machines: [{ firmware: 'bios' }, { firmware: 'uefi' }] });
    service = await startLabService(rig, {
      flavours: [flavour, flavour],
      // What is built is started from disk with the flavour that was not netbooted.
      machine: { rebuild: { flake: '/etc/nixos', attribute: flavour === 'initramfs' ? 'lab-systemd' : 'next' } },
    });
  }, RUN_LIMIT_MS);

  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    await rig?.down();
  }, 60_000);

  it(
    'BIOS and UEFI go from power-off to a proven new generation with the session seen',
    async () => {
      const runs = await Promise.all(rig.machines.map(({ name }) => service.run(name, { kind: 'update' })));
      for (const [index, run] of runs.entries()) {
        const events = await service.api().events(run.id);
        expect(summary(run, events)).toMatchObject({ state: 'succeeded', error: null });
        expectProof(events);
        const machine = rig.machine(index + 1);
        expect(machine.console()).toContain(machine.name);
        // One switch-on; every later power verb is a boot that hung under emulation and was cycled, off before on.
        const verbs = machine.powerVerbs();
        expect(verbs.filter((verb) => verb === 'on').length).toBe(verbs.filter((verb) => verb === 'off').length + 1);
      }
    },
    RUN_LIMIT_MS,
  );
});

/** What a reader of a failed test needs to know at first sight. */
function summary(run: ShownRun, events: readonly ShownEvent[]) {
  return {
    state: run.state,
    error: run.error,
    last: events.slice(-8).map(({ type, step, data }) => ({ type, step, data })),
  };
}

function expectProof(events: readonly ShownEvent[]): void {
  const results = (step: string): Record<string, unknown>[] =>
    events
      .filter((event) => event.type === 'step.done' && event.step === step)
      .map((event) => event.data.result as Record<string, unknown>);
  const numbers = events.map((event) => event.seq);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(results('netboot').at(-1)).toEqual({ netbooted: true });
  const [before, after] = [results('system')[0], results('system').at(-1)];
  const built = results('activate').at(-1);
  expect(built).toMatchObject({ action: 'boot', changed: true });
  expect(after?.bootId).not.toBe(before?.bootId);
  expect(after?.booted).toBe(built?.toplevel);
  expect(before?.booted).not.toBe(built?.toplevel);
  for (const result of results('unlock')) expect(result.disks).toEqual(['cryptroot']);
  expect(results('verify').at(-1)).toMatchObject({ bootId: after?.bootId, toplevel: built?.toplevel });
  expect(results('session').at(-1)).toMatchObject({ user: 'alice', defaultTarget: 'active' });
  const sent = events.filter((event) => event.type === 'unlock.attempted');
  // Never two in one boot.
  expect(sent.length).toBeGreaterThanOrEqual(2);
  expect(new Set(sent.map((event) => event.data.bootId)).size).toBe(sent.length);
}
