import { describe, expect, it } from 'vitest';
import type { ShownRun } from '../../support/api-client.ts';
import { readFeed } from '../../support/sse-client.ts';
import { createRig, onlyMachine, type Rig } from './rig.ts';

/** The outcome of a run, with its error for the message of a failed test. */
const outcome = ({ state, error }: ShownRun): string => (error === null ? state : `${state}: ${JSON.stringify(error)}`);

describe.concurrent('each kind of run, from one call to its end', () => {
  it('drives power by every verb, each sent once', { timeout: 60_000 }, async ({ expect }) => {
    await using rig = await createRig();
    const { name, machine, bmc } = onlyMachine(rig);
    const power = async (verb: string): Promise<string> => outcome(await rig.run(name, { kind: 'power', verb }));
    const sent = (): string[] => bmc.powerLog.map(({ action }) => action);

    expect(await power('on')).toBe('succeeded');
    expect(sent()).toEqual(['on']);
    expect(await power('on')).toBe('succeeded');
    expect(sent(), 'a goal that is reached needs no verb').toEqual(['on']);
    await machine.reached('stage-1', AbortSignal.timeout(10_000));
    expect(await power('cycle')).toBe('succeeded');
    expect(sent()).toEqual(['on', 'off', 'on']);
    expect(await power('reset')).toBe('succeeded');
    expect(sent()).toEqual(['on', 'off', 'on', 'reset']);

    expect(outcome(await rig.run(name, { kind: 'unlock' }))).toBe('succeeded');
    expect(await power('soft-off')).toBe('succeeded');
    expect(sent()).toEqual(['on', 'off', 'on', 'reset', 'soft-off']);
    expect(machine.phase()).toBe('off');
    expect(await power('reset')).toMatch(/^failed: .*machine-is-off/);
    expect(await power('off')).toBe('succeeded');
    expect(sent()).toEqual(['on', 'off', 'on', 'reset', 'soft-off']);
    await rig.events(name);
  });

  it('boots, unlocks, rebuilds, reboots and updates', { timeout: 90_000 }, async ({ expect }) => {
    await using rig = await createRig();
    const { name, machine, bmc } = onlyMachine(rig);
    const before = machine.generations.bootDefault();

    expect(outcome(await rig.run(name, { kind: 'boot' }))).toBe('succeeded');
    expect(bootsOf(rig)).toEqual(['from the network']);
    expect(outcome(await rig.run(name, { kind: 'boot' })), 'up already: nothing to do').toBe('succeeded');
    expect(bootsOf(rig)).toEqual(['from the network']);

    expect(outcome(await rig.run(name, { kind: 'rebuild', action: 'build' }))).toBe('succeeded');
    expect(machine.generations.profile()).toBe(before);
    const rebuilt = await rig.run(name, { kind: 'rebuild', action: 'switch', attribute: 'other' });
    expect(outcome(rebuilt)).toBe('succeeded');
    expect(machine.generations.profile()).not.toBe(before);
    expect(machine.rebuilds.map(({ action, attribute }) => `${action} ${attribute}`)).toEqual([
      `build ${name}`,
      'switch other',
    ]);
    expect(await rig.output(rebuilt.id)).toBe('building the system configuration...\nupdating the boot loader...\n');

    expect(outcome(await rig.run(name, { kind: 'reboot' }))).toBe('succeeded');
    expect(bootsOf(rig)).toEqual(['from the network', 'from disk']);
    expect(outcome(await rig.run(name, { kind: 'reboot', netboot: true }))).toBe('succeeded');
    expect(bootsOf(rig)).toEqual(['from the network', 'from disk', 'from the network']);

    const update = await rig.run(name, { kind: 'update' });
    expect(outcome(update)).toBe('succeeded');
    expect(bootsOf(rig).at(-1)).toBe('from disk');
    expect(bmc.powerLog.map(({ action }) => action)).toEqual(['on']);
    expect(machine.passphrases).toHaveLength(4);
    expect(machine.passphrases.every(({ right }) => right)).toBe(true);
    const good = await rig.api.call('GET', `/machines/${name}/generations`);
    expect(good.body).toMatchObject({ items: [{ toplevel: machine.generations.profile(), runId: update.id }] });
    const shown = (await rig.api.call('GET', `/machines/${name}`)).body as { stage: string };
    expect(shown.stage).toBe('4');
    await rig.events(name);
  });

  it('unlocks a machine that somebody else switched on', { timeout: 60_000 }, async ({ expect }) => {
    await using rig = await createRig();
    const { name, machine } = onlyMachine(rig);
    machine.chassis.control('on');
    expect(outcome(await rig.run(name, { kind: 'unlock' }))).toBe('succeeded');
    expect(bootsOf(rig)).toEqual(['from disk']);
    expect(machine.passphrases.map(({ right }) => right)).toEqual([true]);
  });
});

const WAYS = (['full', 'proxy'] as const).flatMap((dhcp) =>
  (['bios-ipxe', 'bios', 'uefi'] as const).flatMap((firmware) =>
    (['initramfs', 'systemd'] as const).map((flavour) => ({ dhcp, firmware, flavour })),
  ),
);

describe.concurrent('netboot into stage 1', () => {
  it.each(WAYS)('$dhcp DHCP, $firmware firmware, $flavour initrd', { timeout: 60_000 }, async (way) => {
    await using rig = await createRig(way);
    await bootsByNetwork(rig, way.flavour);
    const loaders = (await rig.events('sim1')).filter(
      ({ type, source }) => type === 'file.served' && source === 'tftp',
    );
    expect(loaders.length > 0).toBe(way.firmware !== 'bios-ipxe');
  });

  it.each(['full', 'proxy'] as const)('asks the boot server on 4011, %s DHCP', { timeout: 60_000 }, async (dhcp) => {
    await using rig = await createRig({ dhcp, firmware: 'uefi', pxe: { asksBootServer: true } });
    await bootsByNetwork(rig, 'initramfs');
    expect(await rig.metric('bootwright_netboot_dhcp_replies_total', { channel: 'proxy' })).toBeGreaterThan(0);
  });

  it('comes through a network that loses every third datagram', { timeout: 60_000 }, async () => {
    await using rig = await createRig({
      firmware: 'uefi',
      pxe: { faults: { loss: 0.34, malformed: true }, patienceMs: 200, tries: 8 },
    });
    await bootsByNetwork(rig, 'initramfs');
    expect(
      await rig.metric('bootwright_netboot_datagrams_dropped_total', { channel: 'dhcp', why: 'malformed' }),
    ).toBeGreaterThan(0);
  });
});

describe('a fleet', () => {
  it('updates eight machines at once, told by the fleet feed', { timeout: 120_000 }, async () => {
    await using rig = await createRig({ machines: 8 });
    const { site, api } = rig;
    const told = followFleet(rig);
    const placed = await Promise.all(site.names.map((name) => api.place(name, { kind: 'update' })));
    const ended = await Promise.all(placed.map(({ id }) => api.ended(id, 90_000)));
    expect(ended.map(outcome)).toEqual(site.names.map(() => 'succeeded'));
    for (const [index, { machine, bmc }] of site.machines.entries()) {
      expect(bmc.powerLog.map(({ action }) => action)).toEqual(['on']);
      expect(machine.passphrases.map(({ right }) => right)).toEqual([true, true]);
      expect(machine.rebuilds.map(({ attribute }) => attribute)).toEqual([site.names[index]]);
      await rig.events(site.names[index] ?? '');
    }
    await told.saw((fleet) => site.names.every((name) => fleet.get(name)?.at(-1) === '4 succeeded'));
    for (const name of site.names) {
      const stages = (told.fleet.get(name) ?? []).map((entry) => entry.split(' ')[0]);
      expect(stages, `${name}: on its way from nothing known over stages 1 and 3 to 4`).toEqual(
        expect.arrayContaining(['unknown', '1', '3', '4']),
      );
    }
    await told.end();
  });
});

/** Boots by the network and proves it by the machine's own book. */
async function bootsByNetwork(rig: Rig, flavour: string): Promise<void> {
  const { machine, name } = onlyMachine(rig);
  const run = await rig.run(name, { kind: 'boot' });
  expect(outcome(run)).toBe('succeeded');
  expect(bootsOf(rig)).toEqual(['from the network']);
  expect(machine.history.find(({ phase }) => phase === 'stage-1')?.detail).toContain(flavour);
  expect(machine.passphrases.map(({ right }) => right)).toEqual([true]);
}

/** Where each boot so far came from, by the machine's own book. */
function bootsOf(rig: Rig): string[] {
  return onlyMachine(rig)
    .machine.history.filter(({ phase }) => phase === 'kernel')
    .map(({ detail }) => detail);
}

/** What the fleet feed says of each machine: `stage state-of-its-last-run`, in order. */
function followFleet({ url, token }: Rig) {
  const stop = new AbortController();
  const fleet = new Map<string, string[]>();
  type Shown = { readonly name: string; readonly stage: string; readonly lastRun: { readonly state: string } | null };
  const note = ({ name, stage, lastRun }: Shown): void => {
    fleet.set(name, [...(fleet.get(name) ?? []), `${stage} ${lastRun?.state ?? 'none'}`]);
  };
  const reading = (async () => {
    const headers = { authorization: `Bearer ${token}` };
    for await (const { event, data } of readFeed(`${url}/api/v1/fleet/feed`, headers, stop.signal)) {
      if (event === 'machines') for (const item of (JSON.parse(data) as { items: Shown[] }).items) note(item);
      if (event === 'machine') note(JSON.parse(data) as Shown);
    }
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    fleet,
    async saw(holds: (fleet: ReadonlyMap<string, readonly string[]>) => boolean): Promise<void> {
      const end = performance.now() + 5_000;
      while (!holds(fleet)) {
        if (performance.now() > end) throw new Error(`the feed says ${JSON.stringify([...fleet])}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async end(): Promise<void> {
      stop.abort();
      await reading;
    },
  };
}
