import { describe, expect, test } from 'vitest';
import { noEvidence } from '../../../src/domain/boot/diagnosis/evidence.ts';
import type { BootFinding } from '../../../src/domain/boot/diagnosis/findings.ts';
import type { BootCapture } from '../../../src/domain/ports/boot-captures.ts';
import { STORES } from './contract.ts';

const finding: BootFinding = {
  ...{ code: 'offer-not-taken', severity: 'error', message: 'none taken', hint: 'look', evidence: ['3 DISCOVERs'] },
  ...{ foundAt: 5, overAt: null, rank: 2 },
};

function capture(machineId: string, runId: string, round: number, armedAt: number): BootCapture & { pcap: Buffer } {
  const evidence = noEvidence({ boot: 'kernel', initrds: 1, patienceMs: 60_000 }, armedAt);
  const key = { machineId, runId, round };
  return {
    ...key,
    armedAt,
    endedAt: null,
    packets: 3,
    evidence,
    findings: [finding],
    pcap: Buffer.from([0, 1, 255, armedAt % 256]),
  };
}

describe.each(STORES)('boot captures on $name', ({ open }) => {
  test('are read as they were written, and replaced by what comes later', async () => {
    await using rig = await open();
    const { bootCaptures } = rig.store;
    const { pcap, ...first } = capture('m', 'r1', 1, rig.clock.now());
    await bootCaptures.keep([{ ...first, pcap }]);
    expect(await bootCaptures.find(first)).toEqual(first);
    expect(await bootCaptures.packets(first)).toEqual(pcap);
    const later = { ...first, endedAt: rig.clock.now() + 5, packets: 4, findings: [] };
    await bootCaptures.keep([{ ...later, pcap: Buffer.from('other') }]);
    expect(await bootCaptures.list('m', {})).toEqual([later]);
    expect(await bootCaptures.packets(first)).toEqual(Buffer.from('other'));
    expect(await bootCaptures.find({ ...first, round: 2 })).toBeUndefined();
    expect(await bootCaptures.packets({ ...first, machineId: 'n' })).toBeUndefined();
  });

  test('come newest first, in pages, of one machine', async () => {
    await using rig = await open();
    const { bootCaptures } = rig.store;
    const now = rig.clock.now();
    await bootCaptures.keep([
      capture('m', 'r1', 1, now),
      capture('n', 'r9', 1, now),
      capture('m', 'r2', 1, now),
      capture('m', 'r2', 2, now),
      capture('m', 'r2', 10, now),
    ]);
    const keys = async (page: Parameters<typeof bootCaptures.list>[1]) =>
      (await bootCaptures.list('m', page)).map(({ runId, round }) => `${runId}.${round}`);
    expect(await keys({})).toEqual(['r2.10', 'r2.2', 'r2.1', 'r1.1']);
    expect(await keys({ limit: 2 })).toEqual(['r2.10', 'r2.2']);
    expect(await keys({ limit: 2, before: { runId: 'r2', round: 2 } })).toEqual(['r2.1', 'r1.1']);
    expect(await keys({ before: { runId: 'r1', round: 1 } })).toEqual([]);
  });

  test('are ten of a machine, the oldest going first', async () => {
    await using rig = await open();
    const { bootCaptures } = rig.store;
    const now = rig.clock.now();
    for (let number = 10; number < 25; number++) await bootCaptures.keep([capture('m', `r${number}`, 1, now)]);
    await bootCaptures.keep([capture('n', 'r00', 1, now)]);
    const kept = await bootCaptures.list('m', {});
    expect(kept.map(({ runId }) => runId)).toEqual([
      'r24',
      'r23',
      'r22',
      'r21',
      'r20',
      'r19',
      'r18',
      'r17',
      'r16',
      'r15',
    ]);
    expect(await bootCaptures.list('n', {})).toHaveLength(1);
  });

  test('go after thirty days, with the next that is written', async () => {
    await using rig = await open();
    const { bootCaptures } = rig.store;
    await bootCaptures.keep([capture('m', 'r1', 1, rig.clock.now())]);
    await rig.clock.advance(30 * 86_400_000);
    await bootCaptures.keep([capture('n', 'r2', 1, rig.clock.now())]);
    expect(await bootCaptures.list('m', {})).toHaveLength(1);
    await rig.clock.advance(1);
    await bootCaptures.keep([capture('n', 'r2', 2, rig.clock.now())]);
    expect(await bootCaptures.list('m', {})).toEqual([]);
  });

  test('attempts that are armed are listed, until they end or expire', async () => {
    await using rig = await open();
    const { attempts } = rig.store;
    const boot = { kernel: 'vmlinuz', initrds: [], commandLine: '' };
    const [one, other] = [await rig.machine(), await rig.machine({ name: 'm2', macs: ['52:54:00:77:00:02'] })];
    const [run, next] = [await rig.order(one), await rig.order(other)];
    const first = await attempts.arm({ machineId: one.id, runId: run.id, round: 1, boot }, 1000);
    const second = await attempts.arm({ machineId: other.id, runId: next.id, round: 1, boot }, 5000);
    expect((await attempts.armed()).map(({ token }) => token).sort()).toEqual([first.token, second.token].sort());
    await attempts.disarm(other.id, next.id, 'test');
    expect(await attempts.armed()).toEqual([first]);
    await rig.clock.advance(1000);
    expect(await attempts.armed()).toEqual([]);
  });
});
