import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBmcLine } from '../../../src/api/bmc-line.ts';
import { HttpError } from '../../../src/api/http-error.ts';
import {
  bootOverrideSetSchema,
  eventLogSchema,
  fruSchema,
  rawAnswerSchema,
  sensorSchema,
} from '../../../src/api/schema/hardware.ts';
import {
  viewEventLog,
  viewFru,
  viewOverrideSet,
  viewRawAnswer,
  viewSensors,
} from '../../../src/api/views/hardware-view.ts';
import type { Health } from '../../../src/domain/hardware.ts';
import type { BootOverride, BootOverrideReport } from '../../../src/domain/ports/bmc.ts';
import { fakeEntry, fakeSensor } from '../../support/fake-bmc.ts';
import { settle } from '../../support/manual-clock.ts';

const HEALTHS: readonly Health[] = ['non-recoverable', 'critical', 'warning', 'ok', 'unknown'];
const never = new AbortController().signal;

describe('sensors', () => {
  it('are all there, worst first, those alike in the order of the controller', () => {
    const list = fc.array(fc.constantFrom(...HEALTHS), { maxLength: 30 });
    fc.assert(
      fc.property(list, fc.boolean(), (healths, problems) => {
        const readings = healths.map((health, number) => fakeSensor({ health, number }));
        const shown = viewSensors(readings, { problems }).map((sensor) => sensorSchema.parse(sensor));
        const places = shown.map(({ health, number }) => HEALTHS.indexOf(health) * 100 + number);
        expect(places).toEqual([...places].sort((a, b) => a - b));
        const bad = healths.filter((health) => health !== 'ok' && health !== 'unknown').length;
        expect(shown).toHaveLength(problems ? bad : healths.length);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the event log', () => {
  it('is the same in pages of any size, whatever the ids', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 1, max: 65_534 }), { maxLength: 40 });
    fc.assert(
      fc.property(ids, fc.integer({ min: 1, max: 12 }), (some, limit) => {
        const entries = some.map((id) => fakeEntry(id));
        const report = { entries, freeBytes: null, overflow: true, clockAt: null };
        const got: number[] = [];
        // No entry has id 0, so that this begins at the beginning.
        for (let after: number | null = 0; after !== null; ) {
          const page = eventLogSchema.parse(viewEventLog(report, { limit, after }));
          expect(page.items.length).toBeLessThanOrEqual(limit);
          got.push(...page.items.map(({ id }) => id));
          after = page.next;
        }
        expect(got).toEqual(some);
        const newest = viewEventLog(report, { limit });
        expect(newest.items.map(({ id }) => id)).toEqual(some.slice(-limit));
        expect([newest.next, newest.total]).toEqual([null, some.length]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a boot override', () => {
  const asked = (change: Partial<BootOverride> = {}): BootOverride => ({
    device: 'pxe',
    persistent: false,
    efi: false,
    ...change,
  });
  const read = (change: Partial<BootOverrideReport> = {}): BootOverrideReport => ({
    ...asked(),
    valid: true,
    ...change,
  });

  it.each<[BootOverride, BootOverrideReport, boolean]>([
    [asked(), read(), true],
    [asked(), read({ valid: false }), false],
    [asked(), read({ device: 'other' }), false],
    [asked({ efi: true }), read(), false],
    [asked({ persistent: true }), read(), false],
    [asked(), read({ persistent: true }), false],
    [asked({ persistent: true, efi: true }), read({ persistent: true, efi: true }), true],
    [asked({ device: 'none' }), read({ device: 'none', valid: false }), true],
    [asked({ device: 'none' }), read({ device: 'pxe', valid: false }), true],
    [asked({ device: 'none', efi: true }), read({ device: 'none' }), true],
    [asked({ device: 'none' }), read({ device: 'pxe' }), false],
  ])('%j that reads back as %j stuck: %s', (order, report, stuck) => {
    expect(bootOverrideSetSchema.parse(viewOverrideSet(order, report))).toEqual({ ...report, stuck });
  });
});

describe('parts and raw answers', () => {
  it('have the shape that is described', () => {
    const part = { id: 3, name: 'PSU', chassis: null, board: { Serial: '1' }, product: {}, problems: ['x'] };
    expect(fruSchema.parse(viewFru(part))).toEqual(part);
    const answer = { kind: 'answered', completionCode: 0, meaning: 'm', data: Buffer.from([0, 0xff]) } as const;
    expect(rawAnswerSchema.parse(viewRawAnswer(answer))).toMatchObject({ outcome: 'answered', data: '00ff' });
    expect(rawAnswerSchema.parse(viewRawAnswer({ kind: 'silent' }))).toEqual({ outcome: 'unknown' });
  });
});

describe('the line before a controller', () => {
  /** Takes turns under names; tells who has had one, in order, and gives each back by hand. */
  function rig(mostWaiting?: number) {
    const line = createBmcLine(mostWaiting === undefined ? {} : { mostWaiting });
    const had: string[] = [];
    const turns = new Map<string, Disposable>();
    const ask = async (name: string, kind: 'read' | 'write' = 'read', signal = never): Promise<void> => {
      turns.set(name, await line.turn('m1', kind, signal));
      had.push(name);
    };
    const next = async (name = had.at(-1) ?? ''): Promise<void> => {
      turns.get(name)?.[Symbol.dispose]();
      await settle();
    };
    return { line, had, ask, next };
  }

  it('gives one read and one write at a time, and lets neither wait for the other', async () => {
    const { had, ask, next } = rig();
    await ask('a');
    const rest = [ask('b'), ask('C', 'write'), ask('d'), ask('E', 'write')];
    await settle();
    expect(had).toEqual(['a', 'C']);
    await next('C');
    expect(had).toEqual(['a', 'C', 'E']);
    await next('a');
    await next('b');
    await Promise.all(rest);
    expect(had).toEqual(['a', 'C', 'E', 'b', 'd']);
  });

  it('is bounded, and free again afterwards', async () => {
    const { had, ask, next } = rig(2);
    await ask('a');
    const waiting = [ask('b'), ask('c')];
    const refused = await ask('d').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(HttpError);
    expect(refused).toMatchObject({ code: 'bmc-busy', status: 503, headers: { 'Retry-After': '5' } });
    await ask('E', 'write');
    for (const name of ['a', 'b', 'c']) await next(name);
    await Promise.all(waiting);
    expect(had).toEqual(['a', 'E', 'b', 'c']);
    await ask('f');
    expect(had.at(-1)).toBe('f');
  });

  it('is left by whoever gives up, at whatever moment', async () => {
    const { had, ask, next, line } = rig();
    await ask('a');
    const [early, late, last] = [new AbortController(), new AbortController(), new AbortController()];
    const gone = ask('b', 'read', early.signal).catch((error: unknown) => error);
    const called = ask('c', 'read', late.signal);
    const stays = ask('d', 'read', last.signal);
    early.abort('enough');
    expect(await gone).toBe('enough');
    const giveBack = next();
    // Called up in the same turn: it has the turn, and must give it back itself.
    late.abort('enough');
    await called;
    await giveBack;
    expect(had).toEqual(['a', 'c']);
    await next();
    await stays;
    await next();
    await expect(line.turn('m1', 'read', AbortSignal.abort('at once'))).rejects.toBe('at once');
    await ask('e');
    expect(had).toEqual(['a', 'c', 'd', 'e']);
  });

  it('gives a turn back once, however often that is asked', async () => {
    const { line } = rig();
    const first = await line.turn('m1', 'read', never);
    const second = line.turn('m1', 'read', never);
    first[Symbol.dispose]();
    const held = await second;
    first[Symbol.dispose]();
    let third = false;
    const waiting = line.turn('m1', 'read', never).then(() => {
      third = true;
    });
    await settle();
    expect(third).toBe(false);
    held[Symbol.dispose]();
    await waiting;
  });
});
