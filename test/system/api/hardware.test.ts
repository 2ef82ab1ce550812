import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bootOverrideSchema,
  bootOverrideSetSchema,
  chassisSchema,
  clockSetSchema,
  erasedLogSchema,
  eventLogSchema,
  inventorySchema,
  powerSchema,
  rawAnswerSchema,
  sensorsSchema,
} from '../../../src/api/schema/hardware.ts';
import { fakeEntry, fakeSensor } from '../../support/fake-bmc.ts';
import { expectProblem, type HardwareRig, NOW, READS, startHardwareRig, WRITES } from './hardware-rig.ts';

let rig: HardwareRig;
beforeAll(async () => {
  rig = await startHardwareRig();
});
afterAll(async () => {
  await rig.service[Symbol.asyncDispose]();
});

describe('reads', () => {
  it('tell what the controller tells, to viewers, and leave no event', async () => {
    const { path, bmc } = await rig.declare();
    const get = async (what: string) => (await rig.call('get', `${path}/${what}`, undefined, 'viewer')).body;
    expect(powerSchema.parse(await get('power'))).toEqual({ power: 'on' });
    bmc.power = 'off';
    expect(chassisSchema.parse(await get('chassis'))).toEqual(
      bmc.chassis.power === 'on' ? { ...bmc.chassis, power: 'off' } : {},
    );
    expect(bootOverrideSchema.parse(await get('boot-override'))).toEqual(bmc.override);
    const board = { 'Part Number': 'X-1', Serial: '\u0007bell' };
    bmc.inventory = [{ id: 0, name: 'board', chassis: null, board, product: null, problems: ['no product: CBh'] }];
    expect(inventorySchema.parse(await get('inventory'))).toEqual({ items: bmc.inventory });
    expect(await rig.eventsOf(path)).toEqual([]);
    expect([bmc.open, bmc.mostOpen]).toEqual([0, 1]);
  });

  it('show sensors worst first, and those asked for', async () => {
    const { path, bmc } = await rig.declare();
    bmc.sensors = [
      fakeSensor({ name: 'a' }),
      fakeSensor({ name: 'b', health: 'unknown', value: null, unavailable: 'scanning disabled' }),
      fakeSensor({ name: 'c', type: 'Fan', health: 'critical', states: ['Lower Critical'], unit: 'RPM' }),
      fakeSensor({ name: 'd', health: 'warning' }),
      fakeSensor({ name: 'e', kind: 'discrete', value: null, unit: null, thresholds: null, health: 'non-recoverable' }),
      fakeSensor({ name: 'f' }),
    ];
    const names = async (query: string) =>
      sensorsSchema
        .parse((await rig.call('get', `${path}/sensors${query}`)).body)
        .items.map(({ name }) => name)
        .join('');
    expect(await names('')).toBe('ecdafb');
    expect(await names('?problems=true')).toBe('ecd');
    expect(await names('?problems=false')).toBe('ecdafb');
    expect(await names('?type=fan&problems=true')).toBe('c');
    expect(await names('?type=None')).toBe('');
    for (const query of ['?problems=yes', '?type=', '?health=ok'])
      expectProblem(await rig.call('get', `${path}/sensors${query}`), 400, 'invalid-request');
  });

  it('page the event log by place, newest last', async () => {
    const { path, bmc } = await rig.declare();
    // Ids need not grow: this log has wrapped.
    bmc.log = [7, 8, 9, 1, 2].map((id) => fakeEntry(id, id === 9 ? { at: null } : {}));
    const page = async (query: string) => {
      const { items, next, total } = eventLogSchema.parse((await rig.call('get', `${path}/event-log${query}`)).body);
      return [items.map(({ id }) => id), next, total];
    };
    expect(await page('')).toEqual([[7, 8, 9, 1, 2], null, 5]);
    expect(await page('?limit=2')).toEqual([[1, 2], null, 5]);
    expect(await page('?after=8&limit=2')).toEqual([[9, 1], 1, 5]);
    expect(await page('?after=1&limit=2')).toEqual([[2], null, 5]);
    expect(await page('?after=2')).toEqual([[], null, 5]);
    expect(await page('?after=77&limit=1')).toEqual([[7], 7, 5]);
    const { body } = await rig.call('get', `${path}/event-log`);
    expect(body).toMatchObject({ freeBytes: 1024, overflow: false, clockAt: '2023-11-14T22:13:20.000Z' });
    expect(body.items[2]).toEqual({
      id: 9,
      at: null,
      source: 'CPU Temp',
      text: 'entry 9',
      health: 'ok',
      raw: '9'.padStart(32, '0'),
    });
    for (const query of ['?limit=0', '?limit=65536', '?after=-1', '?after=x'])
      expectProblem(await rig.call('get', `${path}/event-log${query}`), 400, 'invalid-request');
  });
});

describe('changes', () => {
  it('reach the controller, answer, and are told with their actor', async () => {
    const { path, bmc } = await rig.declare();
    const answers: unknown[] = [];
    for (const { method, what, body, role } of WRITES) {
      const response = await rig.call(method, `${path}/${what}`, body, role);
      expect([what, response.status]).toEqual([what, 200]);
      answers.push(response.body);
    }
    const [light, policy, override, erased, clock, raw] = answers;
    expect([light, policy]).toEqual([{ light: 15 }, { policy: 'power-up' }]);
    const read = { device: 'pxe', valid: true, persistent: false, efi: true };
    expect(bootOverrideSetSchema.parse(override)).toEqual({ ...read, stuck: true });
    expect(erasedLogSchema.parse(erased).erased.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(clockSetSchema.parse(clock)).toEqual({ clockAt: '2026-02-01T00:00:00.000Z' });
    const meaning = '00h completed normally';
    expect(rawAnswerSchema.parse(raw)).toEqual({ outcome: 'answered', completionCode: 0, meaning, data: '2001' });
    expect(bmc.calls).toEqual([
      'identify {"seconds":15}',
      'setPowerRestorePolicy power-up',
      'setBootOverride {"device":"pxe","persistent":false,"efi":true}',
      'eventLog',
      'clearEventLog 3',
      `setClock ${Date.parse('2026-02-01T00:00:00Z')}`,
      'raw 6 0 71 0248756e74657232',
    ]);
    const learnt = [{}, {}, { read, stuck: true }, { entries: 3 }, {}, { completionCode: 0, meaning }];
    expect(await rig.eventsOf(path)).toEqual(
      WRITES.map(({ type, asked, role }, index) => ({
        type,
        source: 'api',
        data: { actor: `the-${role}`, ...asked, outcome: 'done', ...learnt[index] },
      })),
    );
  });

  it('of the clock take the time of the service when none is given', async () => {
    const { path, bmc } = await rig.declare();
    expect((await rig.call('put', `${path}/event-log/clock`, {})).body).toEqual({
      clockAt: '2026-01-31T12:00:00.000Z',
    });
    expect(bmc.clockAt).toBe(NOW);
    expect((await rig.eventsOf(path))[0]?.data).toMatchObject({ setTo: '2026-01-31T12:00:00.000Z', outcome: 'done' });
  });

  it('of the light are on, off or seconds', async () => {
    const { path, bmc } = await rig.declare();
    for (const light of ['on', 'off', 1, 255])
      expect((await rig.call('put', `${path}/identify`, { light })).body).toEqual({ light });
    expect(bmc.calls).toEqual([
      'identify "on"',
      'identify "off"',
      'identify {"seconds":1}',
      'identify {"seconds":255}',
    ]);
  });

  it('of the boot override say when the controller kept only a part', async () => {
    const { path, bmc } = await rig.declare();
    bmc.losesFlags = true;
    const put = async (body: object) => (await rig.call('put', `${path}/boot-override`, body)).body;
    const read = { device: 'disk', valid: true, persistent: false, efi: false };
    expect(await put({ device: 'disk', persistent: true })).toEqual({ ...read, stuck: false });
    expect(await put({ device: 'disk' })).toEqual({ ...read, stuck: true });
    expect(await put({ device: 'none', persistent: true })).toMatchObject({
      device: 'none',
      valid: false,
      stuck: true,
    });
    expect((await rig.eventsOf(path)).map(({ data }) => [data.device, data.read, data.stuck])).toEqual([
      ['disk', read, false],
      ['disk', read, true],
      ['none', { ...read, device: 'none', valid: false }, true],
    ]);
  });

  it('do not erase an entry that nobody has seen', async () => {
    const { path, bmc } = await rig.declare();
    bmc.beforeClear = () => bmc.log.push(fakeEntry(4));
    const problem = expectProblem(await rig.call('delete', `${path}/event-log`), 409, 'conflict');
    expect(bmc.log.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
    const data = { actor: 'the-operator', outcome: 'failed', code: 'conflict', message: problem.detail };
    expect(await rig.eventsOf(path)).toEqual([{ type: 'bmc.event-log-cleared', source: 'api', data }]);
    bmc.beforeClear = undefined;
    expect((await rig.call('delete', `${path}/event-log`)).body.erased).toHaveLength(4);
    expect((await rig.call('delete', `${path}/event-log`)).body).toEqual({ erased: [] });
    expect(bmc.calls.filter((text) => text.startsWith('clear'))).toEqual(['clearEventLog 3', 'clearEventLog 4']);
  });
});

describe('raw commands', () => {
  it('keep their data out of the timeline', async () => {
    const { path } = await rig.declare();
    await rig.call('post', `${path}/raw`, { netFn: 6, command: 0x47, data: '68756E74657232' }, 'admin');
    const { text } = await rig.call('get', `${path}/events`);
    expect(text).toContain('bmc.raw-sent');
    expect(text).not.toMatch(/68756e74657232|hunter2/i);
  });

  it('say when the controller refused, and when nobody knows', async () => {
    const { path, bmc } = await rig.declare();
    const post = async () => (await rig.call('post', `${path}/raw`, { netFn: 44, lun: 3, command: 0 }, 'admin')).body;
    const meaning = 'C1h invalid command';
    bmc.rawAnswer = { kind: 'answered', completionCode: 0xc1, meaning, data: Buffer.alloc(0) };
    expect(await post()).toEqual({ outcome: 'answered', completionCode: 0xc1, meaning, data: '' });
    bmc.rawAnswer = { kind: 'silent' };
    expect(rawAnswerSchema.parse(await post())).toEqual({ outcome: 'unknown' });
    expect(bmc.calls).toEqual(['raw 44 3 0 ', 'raw 44 3 0 ']);
    const asked = { actor: 'the-admin', netFn: 44, lun: 3, command: 0, bytes: 0 };
    expect((await rig.eventsOf(path)).map(({ data }) => data)).toEqual([
      { ...asked, outcome: 'done', completionCode: 0xc1, meaning },
      { ...asked, outcome: 'unknown' },
    ]);
  });

  it('are refused where the controller has none', async () => {
    const { path, bmc } = await rig.declare();
    bmc.takesRaw = false;
    expectProblem(await rig.call('post', `${path}/raw`, { netFn: 6, command: 1 }, 'admin'), 400, 'invalid-request');
    expect(await rig.eventsOf(path)).toEqual([]);
  });
});

describe('while a run is active', () => {
  it('boot override and raw commands are refused, naming it; the rest goes on', async () => {
    const { name, path, bmc } = await rig.declare();
    const run = (await rig.call('post', `${path}/runs`, { kind: 'power', verb: 'on' })).body;
    for (const { method, what, body, role } of WRITES) {
      const response = await rig.call(method, `${path}/${what}`, body, role);
      if (what !== 'boot-override' && what !== 'raw') expect([what, response.status]).toEqual([what, 200]);
      else {
        const { details, hint, detail } = expectProblem(response, 409, 'conflict');
        expect(details).toEqual({ runId: run.id, kind: 'power' });
        expect([detail, hint]).toEqual([
          expect.stringContaining(`while run ${run.id} (power) of ${name} is active`),
          expect.stringContaining('cancel it'),
        ]);
      }
    }
    for (const what of READS) expect((await rig.call('get', `${path}/${what}`)).status).toBe(200);
    expect(bmc.calls.filter((text) => /^(setBootOverride|raw)/.test(text))).toEqual([]);
    const types = (await rig.eventsOf(path)).map(({ type }) => type);
    expect(types).toEqual([
      'run.queued',
      'bmc.identified',
      'bmc.power-policy-set',
      'bmc.event-log-cleared',
      'bmc.clock-set',
    ]);
    await rig.call('post', `/runs/${run.id}/cancel`);
    expect((await rig.call('put', `${path}/boot-override`, { device: 'pxe' })).status).toBe(200);
  });
});

describe('a reset of the BMC login', () => {
  it('forgets the agreed protection only for admins', async () => {
    const { path } = await rig.declare();
    const reset = (query: string, role: 'operator' | 'admin') =>
      rig.call('post', `${path}/bmc/reset-authentication${query}`, undefined, role);
    expect((await reset('', 'operator')).status).toBe(204);
    expect((await reset('?unpin=false', 'operator')).status).toBe(204);
    expect(expectProblem(await reset('?unpin=true', 'operator'), 403, 'forbidden').hint).toContain('admin');
    expect((await reset('?unpin=true', 'admin')).status).toBe(204);
    expectProblem(await reset('?unpin=1', 'admin'), 400, 'invalid-request');
    expect((await rig.eventsOf(path)).map(({ data }) => data)).toEqual([
      { actor: 'the-operator' },
      { actor: 'the-operator' },
      { actor: 'the-admin', unpin: true },
    ]);
    expect(rig.resets).toEqual([false, false, true]);
  });
});
