import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConsoleChunk } from '../../../src/domain/ports/consoles.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { openStore } from '../../../src/store/store.ts';
import { SPEC } from '../../support/step-view.ts';
import { STORES } from './contract.ts';

const ALL = Number.MAX_SAFE_INTEGER;
const text = (offset: number, bytes: string | Buffer, at = 0) => ({
  offset,
  at,
  bytes: Buffer.from(bytes as string),
  lost: null,
});
const mark = (offset: number, lost: string, at = 0) => ({ offset, at, bytes: Buffer.alloc(0), lost });
const shown = (chunks: readonly ConsoleChunk[]): unknown[] =>
  chunks.map(({ offset, bytes, lost }) => (lost === null ? [offset, bytes.toString('latin1')] : [offset, { lost }]));

describe.each(STORES)('console text on $name', ({ open }) => {
  test('is read by offset, with its marks in place and doubles skipped', async () => {
    await using rig = await open();
    const { id: machineId } = await rig.machine();
    const { consoleText } = rig.store;
    expect([await consoleText.end(machineId), await consoleText.read({ machineId }, 0, 100)]).toEqual([0, []]);
    await consoleText.append([{ machineId, chunks: [text(0, 'BIOS\r\n'), mark(6, 'overrun'), text(6, 'linux\xff')] }]);
    await consoleText.append([
      { machineId, chunks: [mark(13, 'overrun'), mark(13, 'again'), text(8, 'nux\xffogin:')] },
    ]);
    await consoleText.append([{ machineId, chunks: [] }]);
    expect(await consoleText.end(machineId)).toBe(18);
    expect(shown(await consoleText.read({ machineId }, 0, 100))).toEqual([
      [0, 'BIOS\r\n'],
      [6, { lost: 'overrun' }],
      [6, 'linux\xc3\xbf'],
      [13, { lost: 'overrun' }],
      [13, 'ogin:'],
    ]);
    expect(shown(await consoleText.read({ machineId }, 7, 8))).toEqual([
      [7, 'inux\xc3\xbf'],
      [13, { lost: 'overrun' }],
      [13, 'og'],
    ]);
    expect(await consoleText.read({ machineId }, 18, 100)).toEqual([]);
    expect(await consoleText.read({ machineId }, 5000, 100)).toEqual([]);
    expect(await consoleText.end('m_none')).toBe(0);
  });

  test('a gap is kept with a mark, and reading goes over it however wide it is', async () => {
    await using rig = await open();
    const { id: machineId } = await rig.machine();
    const { consoleText } = rig.store;
    await consoleText.append([{ machineId, chunks: [text(0, 'abc')] }]);
    await consoleText.append([{ machineId, chunks: [text(1_000_000, 'xyz')] }]);
    const lost = 'output could not be stored';
    expect(shown(await consoleText.read({ machineId }, 3, 10))).toEqual([
      [1_000_000, { lost }],
      [1_000_000, 'xyz'],
    ]);
    expect(await consoleText.search({ machineId }, 'xyz', 5)).toMatchObject([{ offset: 1_000_000, line: 'xyz' }]);
  });

  test('belongs to the run that was active when it came', async () => {
    await using rig = await open();
    const machine = await rig.machine();
    const { consoleText, runs } = rig.store;
    const now = (): number => rig.clock.now();
    const before = now();
    await rig.clock.advance(1000);
    const run = await rig.order(machine);
    const during = now();
    await rig.clock.advance(1000);
    await runs.requestCancel(run.id, 'tester');
    await rig.clock.advance(1000);
    await consoleText.append([
      {
        machineId: machine.id,
        chunks: [
          text(0, 'before\n', before),
          text(7, 'during\n', during),
          mark(14, 'overrun', during),
          text(14, 'after\n', now()),
        ],
      },
    ]);
    const filter = { machineId: machine.id, runId: run.id };
    expect(shown(await consoleText.read(filter, 0, 100))).toEqual([
      [7, 'during\n'],
      [14, { lost: 'overrun' }],
    ]);
    expect((await consoleText.read({ machineId: machine.id }, 0, 100)).map(({ runId }) => runId)).toEqual([
      null,
      run.id,
      run.id,
      null,
    ]);
    expect(await consoleText.search(filter, 'R', 10)).toMatchObject([{ offset: 7, runId: run.id, at: during }]);
    expect(await consoleText.search({ machineId: machine.id }, 'r', 2)).toHaveLength(2);
  });

  test('the oldest goes when the limit is reached, and offsets go on', async () => {
    await using rig = await open(undefined, 20_000);
    const one = await rig.machine();
    const other = await rig.machine({ name: 'm2', macs: ['52:54:00:77:00:02'] });
    const { consoleText } = rig.store;
    await consoleText.append([{ machineId: other.id, chunks: [text(0, 'kept')] }]);
    for (let n = 0; n < 100; n++)
      await consoleText.append([{ machineId: one.id, chunks: [text(n * 1000, `${n % 10}`.repeat(1000))] }]);
    expect(await consoleText.end(one.id)).toBe(100_000);
    const kept = await consoleText.read({ machineId: one.id }, 0, ALL);
    const bytes = kept.reduce((sum, chunk) => sum + chunk.bytes.length, 0);
    expect(bytes).toBeGreaterThan(15_000);
    expect(bytes).toBeLessThanOrEqual(20_000);
    expect(kept[0]?.offset).toBe(100_000 - bytes);
    expect(shown(await consoleText.read({ machineId: other.id }, 0, 10))).toEqual([[0, 'kept']]);
  });

  test('tiny chunks and marks count as well, and a chunk over the limit leaves the end', async () => {
    await using rig = await open(undefined, 20_000);
    const { id: machineId } = await rig.machine();
    const { consoleText } = rig.store;
    const many = Array.from({ length: 2000 }, (_, n) => [mark(n, 'overrun'), text(n, 'x')]).flat();
    await consoleText.append([{ machineId, chunks: many }]);
    expect((await consoleText.read({ machineId }, 0, ALL)).length).toBeLessThanOrEqual(200);
    await consoleText.append([{ machineId, chunks: [text(2000, Buffer.alloc(50_000))] }]);
    expect(await consoleText.read({ machineId }, 0, ALL)).toEqual([]);
    expect(await consoleText.end(machineId)).toBe(52_000);
  });

  test('is searched in lines: over chunks, control sequences and screens, whatever the case', async () => {
    await using rig = await open();
    const { id: machineId } = await rig.machine();
    const { consoleText } = rig.store;
    const whole =
      'first\r\n[ 0.1] Kernel \x1b[1;31mPA\x1b[0mNIC - grüße\r\n' +
      '\x1b[2J\x1b[01;01HSetup panic menu\x1b[2;10HAdvanced\x1b[3;10HPanic?\r\n50%\r100% panic\r';
    const bytes = Buffer.from(whole);
    const chunks = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, n) =>
      text(n * 7, bytes.subarray(n * 7, n * 7 + 7), n),
    );
    await consoleText.append([{ machineId, chunks: chunks }]);
    const found = await consoleText.search({ machineId }, 'panic', 10);
    expect(found.map(({ line }) => line)).toEqual([
      '[ 0.1] Kernel PANIC - grüße',
      'Setup panic menu',
      'Panic?',
      '100% panic',
    ]);
    const place = (part: string): number => Buffer.byteLength(whole.slice(0, whole.indexOf(part)));
    expect(found.map(({ offset }) => offset)).toEqual(['[ 0.1]', 'Setup', 'Panic?', '100%'].map(place));
    expect(found[0]?.at).toBe(1);
    expect(await consoleText.search({ machineId }, 'ADVANCED', 10)).toHaveLength(1);
    expect(await consoleText.search({ machineId }, 'menuAdvanced', 10)).toEqual([]);
    expect(await consoleText.search({ machineId }, '[0m', 10)).toEqual([]);
  });

  test('a line does not go on over a hole, and one without end is looked at all the same', async () => {
    await using rig = await open();
    const { id: machineId } = await rig.machine();
    const { consoleText } = rig.store;
    await consoleText.append([{ machineId, chunks: [text(0, 'pan'), mark(3, 'overrun'), text(3, 'ic\n')] }]);
    await consoleText.append([{ machineId, chunks: [text(6, `${'x'.repeat(300_000)}needle${'y'.repeat(3000)}`)] }]);
    expect(await consoleText.search({ machineId }, 'panic', 10)).toEqual([]);
    const [found] = await consoleText.search({ machineId }, 'needle', 10);
    expect(found?.line.length).toBeLessThanOrEqual(500);
    expect(found?.line).toContain('needle');
  });

  test('any chunks read back in any steps are the same bytes', async () => {
    await using rig = await open();
    const { consoleText, machines } = rig.store;
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 60 }),
        async (parts, step) => {
          number++;
          const mac = `52:54:01:00:${(number >> 8).toString(16).padStart(2, '0')}:${(number & 255).toString(16).padStart(2, '0')}`;
          const { id: machineId } = await machines.declare({ ...SPEC, name: `f${number}`, macs: [mac] }, 'api', 't');
          let offset = 0;
          for (const part of parts) {
            await consoleText.append([{ machineId, chunks: [text(offset, Buffer.from(part))] }]);
            offset += part.length;
          }
          const read: Buffer[] = [];
          for (let from = 0; from < offset; ) {
            const chunks = await consoleText.read({ machineId }, from, step);
            expect(chunks[0]?.offset).toBe(from);
            for (const { bytes } of chunks) read.push(bytes);
            from += chunks.reduce((sum, { bytes }) => sum + bytes.length, 0);
          }
          expect(Buffer.concat(read).equals(Buffer.concat(parts))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('offsets go on after a restart, also when everything before was removed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-console-'));
  const parts = { clock: systemClock, entropy: systemEntropy, log: silentLog };
  const options = { path: join(folder, 'b.db'), consoleKeptBytes: 1000 };
  const first = await openStore(parts, options);
  const { id: machineId } = await first.machines.declare(SPEC, 'api', 'tester');
  await first.consoleText.append([{ machineId, chunks: [text(0, 'x'.repeat(5000))] }]);
  await first.close();
  const second = await openStore(parts, options);
  expect(await second.consoleText.end(machineId)).toBe(5000);
  await second.consoleText.append([{ machineId, chunks: [text(5000, 'on')] }]);
  expect(shown(await second.consoleText.read({ machineId }, 0, 100))).toEqual([[5000, 'on']]);
  await second.close();
  rmSync(folder, { recursive: true });
});
