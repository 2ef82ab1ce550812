import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SerialConsoleEvent } from '../../../src/domain/ports/serial-console.ts';
import type { IpmiClient } from '../../../src/library/client.ts';
import { IpmiClosedError } from '../../../src/library/closed-error.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import { createScriptedLine, type ScriptedLine } from '../../../src/simulator/bmc/sol/serial-line.ts';
import { createLibraryRig, type LibraryRig } from './rig.ts';

let rig: LibraryRig;
let serial: ScriptedLine;
let client: IpmiClient;
let events: SerialConsoleEvent[];

beforeEach(async () => {
  serial = createScriptedLine();
  rig = await createLibraryRig({ bmc: { chassis: { ...createPlainChassis(), serial } } });
  client = await rig.open();
  events = [];
});
afterEach(() => rig[Symbol.asyncDispose]());

const keep = (event: SerialConsoleEvent): void => void events.push(event);
const owner = (): number | undefined => rig.simulated.sol?.owner();

function output(): string {
  return Buffer.concat(events.flatMap((event) => (event.kind === 'output' ? [event.bytes] : []))).toString();
}

describe('a console of the library', () => {
  it('carries text and bytes both ways, beside commands of the same session', async () => {
    const line = client.openConsole(keep);
    await rig.clock.advance(100);
    expect(events.map(({ kind }) => kind)).toEqual(['connected']);
    await rig.value(line.write('grüß\r'));
    await rig.value(line.write(new Uint8Array([1, 2])));
    expect(serial.received()).toEqual(Buffer.concat([Buffer.from('grüß\r'), Buffer.of(1, 2)]));
    serial.output('login: ');
    await rig.clock.advance(200);
    expect(output()).toBe('login: ');
    expect(await rig.value(client.powerState())).toBe('off');
    expect(rig.simulated.sessions).toBe(1);
    await rig.value(line.sendBreak());
    expect(serial.breaks).toBe(1);
  });

  it('is given up when it, its client or the whole is disposed', async () => {
    const line = client.openConsole(keep);
    await rig.clock.advance(100);
    expect(owner()).not.toBe(0);
    await rig.value(line[Symbol.asyncDispose]());
    expect(owner()).toBe(0);

    client.openConsole(keep);
    await rig.clock.advance(100);
    expect(owner()).not.toBe(0);
    await rig.value(client[Symbol.asyncDispose]());
    expect(owner()).toBe(0);

    (await rig.open()).openConsole(keep);
    await rig.clock.advance(100);
    expect(owner()).not.toBe(0);
    await rig.value(rig.ipmi[Symbol.asyncDispose]());
    expect(owner()).toBe(0);
    expect(rig.simulated.sessions).toBe(0);
  });

  it('ends a write with its own signal or with the client', async () => {
    const line = client.openConsole(keep);
    await rig.clock.advance(100);
    await rig.value(line.write('first'));
    expect(await rig.failure(line.write('second', { signal: AbortSignal.abort('enough') }))).toBe('enough');
    await rig.value(client[Symbol.asyncDispose]());
    expect(await rig.failure(line.write('third'))).toBeInstanceOf(IpmiClosedError);
    expect(serial.received().toString()).toBe('first');
  });

  it('goes on when a listener throws, and tells what it threw as uncaught', async () => {
    const thrown: unknown[] = [];
    const keepThrown = (error: unknown): void => void thrown.push(error);
    const queued = vi.spyOn(globalThis, 'queueMicrotask');
    queued.mockImplementation((task) => void Promise.resolve().then(task).catch(keepThrown));
    try {
      const failure = new Error('the listener is broken');
      client.openConsole((event) => {
        keep(event);
        if (event.kind === 'connected') throw failure;
      });
      await rig.clock.advance(100);
      expect(thrown).toEqual([failure]);
      serial.output('still here');
      await rig.clock.advance(200);
      expect(output()).toBe('still here');
    } finally {
      queued.mockRestore();
    }
  });

  it('of IPMI 1.5 is refused, as an event', async () => {
    const users = [{ name: 'admin', password: 'short', privilege: 4 }];
    const chassis = { ...createPlainChassis(), serial };
    await using old = await createLibraryRig({ bmc: { chassis, users, ipmi15: 'per-message' } });
    const v15 = await old.open({ version: '1.5', password: 'short' });
    expect(await old.value(v15.powerState())).toBe('off');
    v15.openConsole(keep);
    await old.clock.advance(1_000);
    expect(events).toMatchObject([{ kind: 'disconnected', reason: 'refused', retryMs: null }]);
    expect(JSON.stringify(events)).toContain('IPMI 1.5 has no Serial over LAN');
  });
});
