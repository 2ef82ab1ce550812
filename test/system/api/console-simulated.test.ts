import { afterEach, describe, expect, it } from 'vitest';
import type { SerialConsoleEvent } from '../../../src/domain/ports/serial-console.ts';
import { createBmcs } from '../../../src/drivers/bmc/bmcs.ts';
import { createIpmiBmcs } from '../../../src/drivers/bmc/ipmi/ipmi-bmcs.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { PrivilegeLevel } from '../../../src/protocols/ipmi/privilege-level.ts';
import { createBadNetwork } from '../../../src/simulator/bmc/bad-network.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import type { FaultHook } from '../../../src/simulator/bmc/faults.ts';
import { createSimulatedBmc } from '../../../src/simulator/bmc/simulated-bmc.ts';
import { createScriptedLine } from '../../../src/simulator/bmc/sol/serial-line.ts';
import { startApiService } from '../../support/api-service.ts';
import { openConsoleClient } from '../../support/console-client.ts';
import { SPEC } from '../../support/step-view.ts';

// The console as a whole: WebSocket, hub, serial over LAN, UDP, and a simulated controller with a serial line.

const PASSWORD = 'planted-bmc-4711';
const parts = { udp: systemUdp, clock: systemClock, entropy: systemEntropy, log: silentLog };
const deps = () => ({ ...parts, meter: createMeter() });
let disposables = new AsyncDisposableStack();
afterEach(async () => {
  await disposables.disposeAsync();
  disposables = new AsyncDisposableStack();
});

async function createRig(faults?: FaultHook) {
  const stop = new AbortController();
  disposables.defer(() => stop.abort());
  const line = createScriptedLine();
  const simulated = disposables.use(
    await createSimulatedBmc(
      parts,
      {
        users: [{ name: 'admin', password: PASSWORD, privilege: PrivilegeLevel.administrator }],
        address: '127.0.0.1',
        port: 0,
        chassis: { ...createPlainChassis({ poweredOn: true }), serial: line },
        ...(faults === undefined ? {} : { faults }),
      },
      stop.signal,
    ),
  );
  const ipmi = disposables.use(createIpmiBmcs(deps()));
  const secrets = { open: async () => Secret.fromText(PASSWORD) };
  const bmcs = createBmcs({ ipmi, secrets, clock: systemClock, log: silentLog });
  const service = disposables.use(await startApiService({ bmcs, console: { lingerMs: 50 } }));
  const url = await service.listen();
  const { port } = simulated.local;
  const spec = {
    ...SPEC,
    bmcs: [{ protocol: 'ipmi', host: '127.0.0.1', port, user: 'admin', password: 'env:X' }],
  } as const;
  const machine = await service.store.machines.declare(spec, 'api', 'test');
  const headers = { authorization: `Bearer ${service.tokens.operator}` };
  return {
    line,
    simulated,
    service,
    machine,
    port,
    open: (query = '') =>
      openConsoleClient(`${url.replace('http', 'ws')}/api/v1/machines/${machine.spec.name}/console${query}`, headers),
  };
}

const line = (client: Awaited<ReturnType<typeof openConsoleClient>>): string | undefined => {
  const state = client.messages.findLast(({ type }) => type === 'state');
  return state?.type === 'state' ? `${state.line} ${state.reason ?? ''}`.trim() : undefined;
};

describe('a console over serial over LAN', () => {
  it('carries output, input and breaks, and is closed after the last viewer', async () => {
    const rig = await createRig();
    const one = await rig.open('?mode=write');
    const two = await rig.open();
    await one.until('connected', () => line(one) === 'connected');
    expect(rig.simulated.activeSessions).toBe(1);
    rig.line.output('BIOS \x1b[2J\r\nlogin: ');
    for (const client of [one, two]) await client.until('told', () => client.text() === 'BIOS \x1b[2J\r\nlogin: ');
    one.socket.send(Buffer.from('root\r'));
    one.socket.send('{"type":"break"}');
    await one.until('typed', () => rig.line.received().toString() === 'root\r' && rig.line.breaks === 1);
    const paste = Buffer.alloc(3000, 'abcdefg');
    one.socket.send(paste);
    await one.until('pasted', () => rig.line.received().length === 5 + paste.length);
    expect(rig.line.received().subarray(5).equals(paste)).toBe(true);
    for (const { socket } of [one, two]) socket.close();
    await one.until('closed', () => rig.simulated.sol?.owner() === 0);
  });

  it('is told when somebody takes it, left to them, and taken back when a viewer says so', async () => {
    const rig = await createRig();
    const client = await rig.open('?mode=write');
    await client.until('connected', () => line(client) === 'connected');
    rig.line.output('ours');
    await client.until('told', () => client.text() === 'ours');
    const theirs = disposables.use(createIpmiBmcs(deps()));
    const signal = AbortSignal.timeout(20_000);
    const target = { host: '127.0.0.1', port: rig.port, user: 'admin', password: Secret.fromText(PASSWORD) };
    const bmc = disposables.use(await theirs.open(target, signal));
    const events: SerialConsoleEvent[] = [];
    const thief = disposables.use(
      bmc.console?.(
        (event) => {
          events.push(event);
        },
        { steal: true },
      ),
    );
    await client.until('stolen', () => line(client) === 'disconnected stolen');
    expect(thief).toBeDefined();
    rig.line.output('theirs');
    client.socket.send(Buffer.from('x'));
    await client.until('refused', () => client.messages.some(({ type }) => type === 'error'));
    client.socket.send('{"type":"reconnect","steal":true}');
    await client.until('back', () => line(client) === 'connected');
    rig.line.output('ours again');
    await client.until('told', () => client.text() === 'oursours again');
    expect(client.messages.findLast(({ type }) => type === 'lost')).toMatchObject({ offset: 4 });
    const told = await rig.service.store.timeline.read(rig.machine.id, { afterSeq: 1 });
    expect(told.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['console.stolen', 'console.reconnect-ordered']),
    );
  });

  it('loses and doubles nothing on a bad network, for all viewers alike, and keeps it on disk', async () => {
    const bad = createBadNetwork(7, { loss: 0.08, duplicate: 0.08, reorder: 0.05, late: 0.05, corrupt: 0 });
    const rig = await createRig(bad);
    const clients = await Promise.all([rig.open(), rig.open()]);
    const [first] = clients;
    await first?.until('connected', () => first !== undefined && line(first) === 'connected');
    let sent = '';
    for (let n = 0; n < 40; n++) {
      const text = `line ${n} ${'.'.repeat(n)}\r\n`;
      sent += text;
      rig.line.output(text);
      await new Promise((wait) => setTimeout(wait, 10));
    }
    for (const client of clients) await client.until('told', () => client.text().length >= sent.length);
    for (const client of clients) expect(client.text()).toBe(sent);
    for (const { socket } of clients) socket.terminate();
    await new Promise((wait) => setTimeout(wait, 400));
    const kept = await rig.service.store.consoleText.read({ machineId: rig.machine.id }, 0, 100_000);
    expect(Buffer.concat(kept.map(({ bytes }) => bytes)).toString()).toBe(sent);
  });
});
