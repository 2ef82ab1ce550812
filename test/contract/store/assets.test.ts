import { describe, expect, test } from 'vitest';
import type { MachineSpec } from '../../../src/domain/machine.ts';
import { NotFoundError } from '../../../src/foundation/errors.ts';
import { STORES, type StoreRig } from './contract.ts';

const sha = (letter: string): string => letter.repeat(64);
const needsOf = async ({ store }: StoreRig): Promise<Record<string, string[]>> =>
  Object.fromEntries([...(await store.assetRecords.needs())].map(([sha256, whys]) => [sha256[0], [...whys].sort()]));
const NETBOOT: NonNullable<MachineSpec['netboot']> = { kernel: 'k', initrds: ['i'], commandLine: '' };

describe.each(STORES)('assets on $name', ({ open }) => {
  test('are kept once, by their contents; a name moves to what got it last', async () => {
    await using rig = await open();
    const { assetRecords: records } = rig.store;
    const first = await records.put({ sha256: sha('a'), bytes: 1, name: 'kernel' });
    expect(first).toMatchObject({
      names: ['kernel'],
      pinned: false,
      createdAt: rig.clock.now(),
      usedAt: rig.clock.now(),
    });
    await rig.clock.advance(5);
    expect(await records.put({ sha256: sha('a'), bytes: 1, name: 'a/b' })).toMatchObject({
      names: ['a/b', 'kernel'],
      createdAt: first.createdAt,
      usedAt: first.usedAt + 5,
    });
    await records.put({ sha256: sha('b'), bytes: 2, name: 'kernel' });
    expect(await records.findByName('kernel')).toMatchObject({ sha256: sha('b') });
    expect((await records.list()).map(({ names }) => names)).toEqual([['a/b'], ['kernel']]);
    await expect(records.pin(sha('c'), true)).rejects.toThrow(NotFoundError);
  });

  test('an upload becomes its asset in one step, once', async () => {
    await using rig = await open();
    const { assetRecords: records } = rig.store;
    const upload = await records.beginUpload({ sha256: sha('a'), bytes: 9, name: 'n' });
    expect(await records.uploads()).toEqual([upload]);
    expect(await records.finishUpload(upload.id)).toMatchObject({ sha256: sha('a'), bytes: 9, names: ['n'] });
    expect(await records.findUpload(upload.id)).toBeUndefined();
    await expect(records.finishUpload(upload.id)).rejects.toThrow(NotFoundError);
  });

  test.each<[string, MachineSpec['netboot'], Record<string, string[]>]>([
    ['a kernel and its initrds', NETBOOT, { k: ['declared'], i: ['declared'] }],
    ['contents', { ...NETBOOT, kernel: `sha256:${sha('x')}` }, { x: ['declared'], i: ['declared'] }],
    ['a rescue system', { rescue: NETBOOT }, { k: ['declared'], i: ['declared'] }],
    ['a script', { script: { asset: 'k' }, files: ['i'] }, { k: ['declared'], i: ['declared'] }],
    ['the text of a script', { script: '#!ipxe', files: ['i'] }, { i: ['declared'] }],
    ['its disk', { localDisk: 'auto' }, {}],
    ['names that are none of ours', { ...NETBOOT, kernel: 'folder-file', initrds: ['other'] }, {}],
  ])('a machine that is declared to boot %s needs it until it is removed', async (_what, netboot, needs) => {
    await using rig = await open();
    for (const name of ['k', 'i']) await rig.store.assetRecords.put({ sha256: sha(name), bytes: 1, name });
    const machine = await rig.machine(netboot === undefined ? {} : { netboot });
    expect(await needsOf(rig)).toEqual(needs);
    await rig.store.machines.remove(machine.id, 'tester');
    expect(await needsOf(rig)).toEqual({});
  });

  test('an attempt needs what it boots while it is armed and while its run is active', async () => {
    await using rig = await open();
    const { attempts, runs } = rig.store;
    const machine = await rig.machine({ netboot: { localDisk: 'auto' } });
    const run = await rig.order(machine);
    const boot = { kernel: `sha256:${sha('k')}`, initrds: [`sha256:${sha('i')}`], commandLine: '' };
    const armed = { k: ['armed'], i: ['armed'] };
    await attempts.arm({ machineId: machine.id, runId: run.id, round: 1, boot }, 1000);
    expect(await needsOf(rig)).toEqual(armed);
    await attempts.disarm(machine.id, run.id, 'proved');
    expect(await needsOf(rig), 'its run may go back and arm again').toEqual(armed);
    await runs.requestCancel(run.id, 'tester');
    expect((await runs.get(run.id)).state).toBe('cancelled');
    expect(await needsOf(rig)).toEqual({});
    await attempts.arm({ machineId: machine.id, runId: run.id, round: 1, boot }, 1000);
    expect(await needsOf(rig)).toEqual(armed);
    await rig.clock.advance(1000);
    expect(await needsOf(rig), 'expired').toEqual({});
  });

  test('armed again after a crash, an attempt boots what it was armed with first, and says so', async () => {
    await using rig = await open();
    const { attempts, timeline } = rig.store;
    const machine = await rig.machine({ netboot: { localDisk: 'auto' } });
    const run = await rig.order(machine);
    const order = { machineId: machine.id, runId: run.id, round: 1 };
    const first = await attempts.arm({ ...order, boot: { localDisk: 'exit' } }, 1000);
    const again = await attempts.arm({ ...order, boot: { script: '#!ipxe', files: [] } }, 1000);
    expect([again.token, again.boot]).toEqual([first.token, { localDisk: 'exit' }]);
    const events = await timeline.readRun(run.id, { afterSeq: 0 });
    expect(events.filter(({ type }) => type === 'boot.armed').map(({ data }) => data)).toMatchObject([
      { boot: 'local-disk', exit: 'exit' },
      { boot: 'local-disk', exit: 'exit' },
    ]);
  });

  test('proven generations, and the one a machine would boot, need their files', async () => {
    await using rig = await open();
    const { assetRecords: records, generations } = rig.store;
    const machine = await rig.machine({ netboot: { localDisk: 'auto' } });
    const capture = (toplevel: string, letter: string) =>
      records.capture({
        ...{ machineId: machine.id, toplevel, kernel: sha(letter), initrds: [sha('i')] },
        ...{ commandLine: '', capturedAt: rig.clock.now() },
      });
    await capture('/old', 'o');
    await rig.clock.advance(1);
    await capture('/new', 'n');
    expect((await records.captured(machine.id)).map(({ toplevel }) => toplevel)).toEqual(['/old', '/new']);
    expect(await needsOf(rig)).toEqual({});
    const run = await rig.order(machine);
    await generations.prove({ machineId: machine.id, toplevel: '/old', runId: run.id, provenAt: 1, bootId: 'b' });
    expect(await needsOf(rig)).toEqual({ o: ['proven'], i: ['proven'] });
    await rig.store.runs.requestCancel(run.id, 'tester');
    await rig.store.machines.change(
      machine.id,
      { ...machine.spec, netboot: { generation: 'current' } },
      'api',
      'tester',
    );
    expect(await needsOf(rig)).toEqual({ o: ['proven'], n: ['declared'], i: ['declared', 'proven'] });
  });

  test('only what nothing needs is removed, asked when it is removed', async () => {
    await using rig = await open();
    const { assetRecords: records } = rig.store;
    for (const letter of ['a', 'b', 'c', 'd']) await records.put({ sha256: sha(letter), bytes: 1, name: letter });
    await records.pin(sha('a'), true);
    const upload = await records.beginUpload({ sha256: sha('b'), bytes: 1 });
    const before = rig.clock.now();
    await rig.clock.advance(1);
    await records.touch(sha('c'));
    const all = ['a', 'b', 'c', 'd', 'e'].map(sha);
    expect(await records.removeUnneeded(all, before)).toEqual([sha('d')]);
    expect(await records.findByName('d')).toBeUndefined();
    await records.dropUpload(upload.id);
    await records.pin(sha('a'), false);
    expect(await records.removeUnneeded(all, rig.clock.now())).toEqual([sha('a'), sha('b'), sha('c')]);
  });
});
