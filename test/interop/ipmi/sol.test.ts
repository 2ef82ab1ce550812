import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { SerialConsole, SerialConsoleEvent } from '../../../src/domain/ports/serial-console.ts';
import { createIpmiBmcs, type IpmiBmcs } from '../../../src/drivers/bmc/ipmi/ipmi-bmcs.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { UnreachableError } from '../../../src/foundation/errors.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import { createSimulatedBmc, type SimulatedBmc } from '../../../src/simulator/bmc/simulated-bmc.ts';
import { createScriptedLine, type ScriptedLine } from '../../../src/simulator/bmc/sol/serial-line.ts';
import { type IpmiSim, startIpmiSim } from './ipmi-sim.ts';
import { hasTool, runTool, toolVersion } from './tools.ts';

const never = new AbortController().signal;

/** ipmiconsole 1.6.10 calls a host invalid when its port is above 32767. */
const LOW_PORT = 26_230;

/** All bytes but those that a terminal in between, or the tool's escape, would act on. */
const ANY_BYTES = Buffer.from(
  Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !'&~'.includes(String.fromCharCode(byte))),
);

const programs: ChildProcess[] = [];
afterEach(() => {
  for (const program of programs.splice(0)) program.kill();
});

/** A program at a terminal of its own. */
function atTerminal(command: string) {
  const child = spawn('script', ['-qfec', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: '/bin:/usr/bin:/usr/sbin:/usr/local/bin', TERM: 'dumb' },
  });
  programs.push(child);
  let shown: Buffer = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => {
    shown = Buffer.concat([shown, chunk]);
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    exited,
    type: (keys: string | Buffer) => void child.stdin.write(keys),
    async shows(what: string | Buffer): Promise<void> {
      const text = Buffer.from(what).toString('latin1');
      await expect.poll(() => shown.toString('latin1'), { timeout: 10_000 }).toContain(text);
    },
  };
}

let bmc: SimulatedBmc;
let line: ScriptedLine;

beforeAll(async () => {
  line = createScriptedLine();
  bmc = await createSimulatedBmc(
    { udp: systemUdp, clock: systemClock, entropy: systemEntropy },
    {
      users: [{ name: 'admin', password: 'secret', privilege: 4 }],
      address: '127.0.0.1',
      port: await freePort(LOW_PORT),
      chassis: { ...createPlainChassis({ poweredOn: true }), serial: line },
    },
    never,
  );
});
afterAll(() => bmc[Symbol.asyncDispose]());

const received = (before: number): string => line.received().subarray(before).toString('latin1');

describe.skipIf(!hasTool('ipmitool') || !hasTool('script'))(
  `simulated serial console, used by ${toolVersion('ipmitool', '-V')}`,
  () => {
    const login = () => `-I lanplus -H 127.0.0.1 -p ${bmc.local.port} -U admin -P secret -C 17`;

    test('sol activate: bytes both ways, ~. ends it, the payload is given up and the session closed', async () => {
      const before = line.received().length;
      const terminal = atTerminal(`ipmitool ${login()} sol activate`);
      await terminal.shows('SOL Session operational');
      expect(bmc.sol?.owner()).not.toBe(0);
      line.output(ANY_BYTES);
      await terminal.shows(ANY_BYTES);
      terminal.type(ANY_BYTES);
      await expect.poll(() => received(before), { timeout: 10_000 }).toBe(ANY_BYTES.toString('latin1'));
      terminal.type('\r~.');
      expect(await terminal.exited).toBe(0);
      expect(bmc.sol?.owner()).toBe(0);
      expect(bmc.sessions).toBe(0);
    });

    test('a long output and a paste come through whole', async () => {
      const before = line.received().length;
      const terminal = atTerminal(`ipmitool ${login()} sol activate`);
      await terminal.shows('SOL Session operational');
      const output = Array.from({ length: 300 }, (_, number) => `line ${number} of the machine`).join('\r\n');
      const paste = Array.from({ length: 50 }, (_, number) => `command ${number};`).join('');
      line.output(output);
      terminal.type(paste);
      await terminal.shows(output);
      await expect.poll(() => received(before), { timeout: 10_000 }).toBe(paste);
      terminal.type('\r~.');
      expect(await terminal.exited).toBe(0);
    });

    test('~B sends a break', async () => {
      const breaks = line.breaks;
      const terminal = atTerminal(`ipmitool ${login()} sol activate`);
      await terminal.shows('SOL Session operational');
      terminal.type('\r~B');
      await expect.poll(() => line.breaks, { timeout: 10_000 }).toBeGreaterThan(breaks);
      terminal.type('\r~.');
      await terminal.exited;
    });

    test('sol info and sol payload status', async () => {
      const info = await runTool('ipmitool', [...login().split(' '), 'sol', 'info']);
      expect(info.exitCode).toBe(0);
      expect(info.output).toMatch(/Enabled\s+: true/);
      expect(info.output).toMatch(/Character Accumulate Level \(ms\)\s+: 50/);
      expect(info.output).toMatch(/Retry Interval \(ms\)\s+: 500/);
      expect(info.output).toMatch(/Volatile Bit Rate \(kbps\)\s+: 115\.2/);
      expect(info.output).toMatch(new RegExp(`Payload Port\\s+: ${bmc.local.port}`));
      const status = await runTool('ipmitool', [...login().split(' '), 'sol', 'payload', 'status', '1', '1']);
      expect(status.output).toMatch(/User 1 on channel 1 is enabled/);
    });

    test('a second one is told that it is active; sol deactivate ends the first', async () => {
      const first = atTerminal(`ipmitool ${login()} sol activate`);
      await first.shows('SOL Session operational');
      const second = await runTool('ipmitool', [...login().split(' '), 'sol', 'activate']);
      expect(second.output).toMatch(/already active/i);
      expect((await runTool('ipmitool', [...login().split(' '), 'sol', 'deactivate'])).exitCode).toBe(0);
      expect(bmc.sol?.owner()).toBe(0);
      // It is told, and goes on all the same until somebody ends it.
      first.type('\r~.');
      await first.exited;
    });
  },
);

describe.skipIf(!hasTool('ipmiconsole') || !hasTool('script'))(
  `simulated serial console, used by ${toolVersion('ipmiconsole', '--version')}`,
  () => {
    const login = () => `-h 127.0.0.1:${bmc.local.port} -u admin -p secret -I 17`;

    test('bytes both ways, &B sends a break, &. ends it and the payload is given up', async () => {
      const before = line.received().length;
      const breaks = line.breaks;
      const terminal = atTerminal(`ipmiconsole ${login()}`);
      await terminal.shows('[SOL established]');
      line.output(ANY_BYTES);
      await terminal.shows(ANY_BYTES);
      terminal.type(ANY_BYTES);
      await expect.poll(() => received(before), { timeout: 10_000 }).toBe(ANY_BYTES.toString('latin1'));
      terminal.type('&B');
      await expect.poll(() => line.breaks, { timeout: 10_000 }).toBe(breaks + 1);
      terminal.type('&.');
      await terminal.exited;
      await expect.poll(() => bmc.sol?.owner()).toBe(0);
    });
  },
);

describe.skipIf(!hasTool('ipmitool') || !hasTool('script'))('our console and ipmitool at one controller', () => {
  test('ipmitool takes it away: stolen, left alone, and taken back when asked', async () => {
    await using bmcs = createBmcs();
    await using ours = await openBmc(bmcs, bmc.local.port);
    await using console = openConsole(ours);
    await expect.poll(console.story).toEqual(['connected']);
    const login = `-I lanplus -H 127.0.0.1 -p ${bmc.local.port} -U admin -P secret -C 17`;
    await runTool('ipmitool', [...login.split(' '), 'sol', 'deactivate']);
    const thief = atTerminal(`ipmitool ${login} sol activate`);
    await thief.shows('SOL Session operational');
    await expect.poll(console.story, { timeout: 10_000 }).toEqual(['connected', 'stolen']);
    console.reconnect({ steal: true });
    await expect.poll(console.story, { timeout: 10_000 }).toEqual(['connected', 'stolen', 'connected']);
    thief.type('\r~.');
    await thief.exited;
  });
});

describe.skipIf(!hasTool('ipmi_sim'))(`our console and ${toolVersion('ipmi_sim', '--version')}`, () => {
  let sim: IpmiSim;
  let machine: Server;
  let sockets: Socket[];
  let input: Buffer = Buffer.alloc(0);
  let bmcs: IpmiBmcs;

  beforeAll(async () => {
    sockets = [];
    machine = createServer((socket) => {
      sockets.push(socket);
      socket.on('data', (data) => {
        input = Buffer.concat([input, data]);
      });
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => machine.listen(0, '127.0.0.1', resolve));
    const address = machine.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    sim = await startIpmiSim({ serialPort: address.port });
    bmcs = createBmcs();
    await vi.waitFor(() => expect(sockets).toHaveLength(1), { timeout: 10_000 });
  }, 20_000);

  afterAll(async () => {
    await bmcs[Symbol.asyncDispose]();
    sim[Symbol.dispose]();
    for (const socket of sockets) socket.destroy();
    machine.close();
  });

  test('bytes both ways, a paste cut into its 28 characters, a long output', async () => {
    await using ours = await openBmc(bmcs, sim.port);
    await using console = openConsole(ours);
    await expect.poll(console.story, { timeout: 10_000 }).toEqual(['connected']);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await console.write(bytes, never);
    await expect.poll(() => input.toString('hex'), { timeout: 10_000 }).toBe(bytes.toString('hex'));
    const output = Array.from({ length: 200 }, (_, number) => `line ${number} of the machine`).join('\r\n');
    sockets[0]?.write(output);
    await expect.poll(console.transcript, { timeout: 10_000 }).toBe(output);
    expect(console.story()).toEqual(['connected']);
  });

  test('closed and opened again: it was given up', async () => {
    for (let round = 0; round < 3; round++) {
      await using ours = await openBmc(bmcs, sim.port);
      await using console = openConsole(ours);
      await expect.poll(console.story, { timeout: 10_000 }).toEqual(['connected']);
      sockets[0]?.write(`round ${round}`);
      await expect.poll(console.transcript, { timeout: 10_000 }).toBe(`round ${round}`);
    }
  });

  test('a break and what follows it', async () => {
    await using ours = await openBmc(bmcs, sim.port);
    await using console = openConsole(ours);
    await expect.poll(console.story, { timeout: 10_000 }).toEqual(['connected']);
    const before = input.length;
    await Promise.all([console.sendBreak(never), console.write(Buffer.from('h'), never)]);
    await expect.poll(() => input.subarray(before).includes('h'), { timeout: 10_000 }).toBe(true);
  });
});

function createBmcs(): IpmiBmcs {
  const deps = { udp: systemUdp, clock: systemClock, entropy: systemEntropy, log: silentLog, meter: createMeter() };
  return createIpmiBmcs(deps);
}

function openBmc(bmcs: IpmiBmcs, port: number) {
  return bmcs.open({ host: '127.0.0.1', port, user: 'admin', password: Secret.fromText('secret') }, never);
}

function openConsole(bmc: Awaited<ReturnType<typeof openBmc>>): SerialConsole & {
  transcript(): string;
  story(): readonly string[];
} {
  let output = '';
  const story: string[] = [];
  const onEvent = (event: SerialConsoleEvent): void => {
    if (event.kind === 'output') output += event.bytes.toString('latin1');
    else story.push(event.kind === 'disconnected' ? event.reason : event.kind);
  };
  const console = bmc.console?.(onEvent, {});
  if (console === undefined) throw new Error('this BMC has no console');
  return { ...console, transcript: () => output, story: () => [...story] };
}

/** @param from the first to try; without it the kernel chooses */
async function freePort(from = 0): Promise<number> {
  for (let port = from; ; port++) {
    try {
      await using socket = await systemUdp.bind({ address: '127.0.0.1', port }, () => undefined, never);
      return socket.local.port;
    } catch (error) {
      if (!(error instanceof UnreachableError) || port > from + 100) throw error;
    }
  }
}
