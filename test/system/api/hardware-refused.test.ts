import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TokenRole } from '../../../src/domain/ports/tokens.ts';
import {
  AuthenticationError,
  DeadlineError,
  RefusedError,
  type ServiceError,
  UnreachableError,
} from '../../../src/foundation/errors.ts';
import { expectProblem, type HardwareRig, type Method, READS, startHardwareRig, WRITES } from './hardware-rig.ts';

let rig: HardwareRig;
beforeAll(async () => {
  rig = await startHardwareRig();
});
afterAll(async () => {
  await rig.service[Symbol.asyncDispose]();
});

describe.each([
  ...READS.map((what) => ({
    method: 'get' as Method,
    what,
    body: undefined,
    type: undefined,
    asked: {},
    role: 'viewer' as TokenRole,
  })),
  ...WRITES,
])('$method $what', ({ method, what, body, type, asked, role }) => {
  it.each<[ServiceError, number, string]>([
    [new UnreachableError('no answer from BMC 192.0.2.1'), 504, 'unknown'],
    [new DeadlineError('too late'), 504, 'unknown'],
    [new RefusedError('refused with C1h'), 502, 'failed'],
    [new AuthenticationError('the login was rejected', { details: { hint: 'Put it right.' } }), 502, 'failed'],
  ])('tells %s', async (failure, status, outcome) => {
    const { path, bmc } = await rig.declare();
    for (const where of ['failure', 'openFailure'] as const) {
      bmc[where] = failure;
      const problem = expectProblem(await rig.call(method, `${path}/${what}`, body, role), status, failure.code);
      expect([problem.detail, problem.hint]).toEqual([failure.message, failure.details.hint]);
      bmc[where] = undefined;
    }
    const data = { actor: `the-${role}`, ...asked, outcome, code: failure.code, message: failure.message };
    expect(await rig.eventsOf(path)).toEqual(type === undefined ? [] : Array(2).fill({ type, source: 'api', data }));
    expect(bmc.open).toBe(0);
  });

  it('is not possible without a BMC or a machine, and then no event is left', async () => {
    const { path } = await rig.declare({ bmcs: [] });
    expectProblem(await rig.call(method, `${path}/${what}`, body, role), 400, 'invalid-request');
    expect(await rig.eventsOf(path)).toEqual([]);
    expectProblem(await rig.call(method, `/machines/nobody/${what}`, body, role), 404, 'not-found');
  });

  it('is refused with a condition that it does not know, which is not the same as none', async () => {
    const { path, bmc } = await rig.declare();
    const problem = expectProblem(
      await rig.call(method, `${path}/${what}?expectedNewest=7`, body, role),
      400,
      'invalid-request',
    );
    expect(problem.detail).toContain('Unrecognized key: "expectedNewest"');
    expect(bmc.calls).toEqual([]);
  });

  it('hides errors of ours', async () => {
    const { path, bmc } = await rig.declare();
    bmc.failure = new Error('inner words');
    const response = await rig.call(method, `${path}/${what}`, body, role);
    expectProblem(response, 500, 'bug');
    const events = await rig.call('get', `${path}/events`);
    expect(response.text + events.text).not.toContain('inner words');
  });
});

describe('bodies', () => {
  it.each<[string, Method, object, string]>([
    ['identify', 'put', {}, 'body.light: must be "on", "off" or a whole number of seconds, 1 to 255'],
    ['identify', 'put', { light: 0 }, 'body.light: must be "on"'],
    ['identify', 'put', { light: 256 }, 'body.light: must be "on"'],
    ['identify', 'put', { light: 1.5 }, 'body.light: must be "on"'],
    ['identify', 'put', { light: 'blink' }, 'body.light: must be "on"'],
    ['identify', 'put', { light: 'on', for: 3 }, 'body: Unrecognized key: "for"'],
    ['power-restore-policy', 'put', { policy: 'unknown' }, 'body.policy: '],
    ['boot-override', 'put', { device: 'floppy' }, 'body.device: '],
    ['boot-override', 'put', { device: 'pxe', efi: 'yes' }, 'body.efi: '],
    ['event-log/clock', 'put', { at: 'noon' }, 'body.at: must be a time like 2026-01-31T12:00:00Z'],
    ['event-log/clock', 'put', { at: '1999-12-31T23:59:59Z' }, 'body.at: must be a time in the years 2000 to 2105'],
    ['event-log/clock', 'put', { at: '2106-02-08T00:00:00Z' }, 'body.at: must be a time in the years 2000 to 2105'],
    ['raw', 'post', { command: 1 }, 'body.netFn: '],
    ['raw', 'post', { netFn: 7, command: 1 }, 'body.netFn: must be even'],
    ['raw', 'post', { netFn: 64, command: 1 }, 'body.netFn: '],
    ['raw', 'post', { netFn: 6, command: 256 }, 'body.command: '],
    ['raw', 'post', { netFn: 6, command: 1, lun: 4 }, 'body.lun: '],
    ['raw', 'post', { netFn: 6, command: 1, data: '0x01' }, 'body.data: must be hexadecimal'],
    ['raw', 'post', { netFn: 6, command: 1, data: '012' }, 'body.data: must be hexadecimal'],
    ['raw', 'post', { netFn: 6, command: 1, data: '00'.repeat(256) }, 'body.data: must be 255 bytes at most'],
  ])('%s %s %j is refused, and nothing is sent', async (what, method, body, where) => {
    const { path, bmc } = await rig.declare();
    const { details } = expectProblem(await rig.call(method, `${path}/${what}`, body, 'admin'), 400, 'invalid-request');
    expect(String(details?.problems)).toContain(where);
    expect([bmc.calls, await rig.eventsOf(path)]).toEqual([[], []]);
  });
});
