import request from 'supertest';
import { expect } from 'vitest';
import { eventPageSchema } from '../../../src/api/schema/event.ts';
import { problemSchema } from '../../../src/api/schema/problem.ts';
import type { TokenRole } from '../../../src/domain/ports/tokens.ts';
import { type Log, silentLog } from '../../../src/foundation/log.ts';
import { startApiService, testMachine } from '../../support/api-service.ts';
import { createFakeBmcs, type FakeBmc } from '../../support/fake-bmc.ts';
import { createManualClock } from '../../support/manual-clock.ts';

export type Method = 'get' | 'post' | 'put' | 'delete';

export const NOW = Date.parse('2026-01-31T12:00:00.000Z');

/** The API with fake controllers, and short words for asking it. */
export async function startHardwareRig() {
  const bmcs = createFakeBmcs();
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (_fields, message) => void errors.push(message), child: () => log };
  const service = await startApiService({ bmcs, log, clock: createManualClock(NOW) });
  let machines = 0;

  function call(method: Method, path: string, body?: object, role: TokenRole = 'operator') {
    const asked = request(service.api.app)[method](`/api/v1${path}`);
    asked.set('Authorization', `Bearer ${service.tokens[role]}`);
    return body === undefined ? asked : asked.send(body);
  }

  return {
    service,
    call,
    resets: bmcs.resets,
    /** What the service logged as errors of its own. */
    errors,
    /** A machine of its own for each test, and its controller. */
    async declare(change: object = {}): Promise<{ name: string; path: string; bmc: FakeBmc }> {
      const name = `hw-${++machines}`;
      const { status } = await call('post', '/machines', { ...testMachine(name, machines), ...change }, 'admin');
      expect(status).toBe(201);
      return { name, path: `/machines/${name}`, bmc: bmcs.of(name) };
    },
    /** The machine's events after its declaration, without the time that each took. */
    async eventsOf(path: string) {
      const { items } = eventPageSchema.parse((await call('get', `${path}/events?after=1`)).body);
      return items.map(({ type, source, data: { tookMs: _, ...data } }) => ({ type, source, data }));
    },
  };
}

export type HardwareRig = Awaited<ReturnType<typeof startHardwareRig>>;

export function expectProblem(response: request.Response, status: number, code: string) {
  expect({ status: response.status, code: response.body.code }).toEqual({ status, code });
  return problemSchema.parse(response.body);
}

export const READS = ['power', 'chassis', 'sensors', 'inventory', 'event-log', 'boot-override'] as const;

/** Every change: how it is asked for, and its event. */
export const WRITES: readonly {
  method: Method;
  what: string;
  body?: object;
  type: string;
  asked: object;
  role: TokenRole;
}[] = [
  {
    method: 'put',
    what: 'identify',
    body: { light: 15 },
    type: 'bmc.identified',
    asked: { light: 15 },
    role: 'operator',
  },
  {
    method: 'put',
    what: 'power-restore-policy',
    body: { policy: 'power-up' },
    type: 'bmc.power-policy-set',
    asked: { policy: 'power-up' },
    role: 'operator',
  },
  {
    method: 'put',
    what: 'boot-override',
    body: { device: 'pxe', efi: true },
    type: 'bmc.boot-override-set',
    asked: { device: 'pxe', persistent: false, efi: true },
    role: 'operator',
  },
  { method: 'delete', what: 'event-log', type: 'bmc.event-log-cleared', asked: {}, role: 'operator' },
  {
    method: 'put',
    what: 'event-log/clock',
    body: { at: '2026-02-01T01:00:00+01:00' },
    type: 'bmc.clock-set',
    asked: { setTo: '2026-02-01T00:00:00.000Z' },
    role: 'operator',
  },
  {
    method: 'post',
    what: 'raw',
    body: { netFn: 6, command: 0x47, data: '0248756e74657232' },
    type: 'bmc.raw-sent',
    asked: { netFn: 6, lun: 0, command: 0x47, bytes: 8 },
    role: 'admin',
  },
];
