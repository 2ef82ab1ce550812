import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildLibrary, TOP } from './built-library.ts';
import { type ProgramResult, runProgram } from './run-program.ts';
import { type SimulatedMachine, startSimulatedMachine } from './simulated-machine.ts';

const EXAMPLES = join(TOP, 'src', 'library', 'examples');
/** Not a program: what the others import. */
const SHARED = 'command-line.ts';

let machine: SimulatedMachine;
const ran = new Set<string>();

beforeAll(async () => {
  await buildLibrary();
  machine = await startSimulatedMachine();
});
afterAll(() => machine[Symbol.asyncDispose]());

async function example(name: string, args: readonly string[] = [], env = {}): Promise<ProgramResult> {
  ran.add(`${name}.ts`);
  const result = await runProgram(join(EXAMPLES, `${name}.ts`), args, { cwd: TOP, env: { ...machine.env, ...env } });
  expect(result.errors).toBe('');
  // Half-open ones stay after a login that was given up.
  if (name !== 'login-errors') expect(machine.bmc.sessions).toBe(0);
  return result;
}

describe('examples of the library’s page', () => {
  it('quick-start', async () => {
    const { output, code } = await example('quick-start');
    expect(output).toBe(
      `127.0.0.1:${machine.env.BMC_PORT} speaks IPMI 2.0 and runs firmware 1.07\nthe machine is off\n`,
    );
    expect(code).toBe(0);
  });

  it('takes the BMC from arguments as well', async () => {
    const { BMC_HOST, BMC_PORT, BMC_USER, BMC_PASSWORD } = machine.env;
    const args = ['--host', BMC_HOST, '--port', BMC_PORT, '--user', BMC_USER, '--password', BMC_PASSWORD];
    const nothing = { BMC_HOST: '', BMC_PORT: '', BMC_USER: '', BMC_PASSWORD: '' };
    expect((await example('quick-start', args, nothing)).output).toContain('the machine is off');
  });

  it('power', async () => {
    expect((await example('power', ['reset'])).output).toBe('refused: the machine is off: there is nothing to reset\n');
    expect(await example('power', ['on'])).toMatchObject({ output: 'done: the power is on\n', code: 0 });
    expect((await example('power', ['on'])).output).toBe('nothing to do: the power is on\n');
    expect(await example('power', ['off'])).toMatchObject({ output: 'done: the power is off\n', code: 0 });
    expect(machine.bmc.powerLog.map(({ action }) => action)).toEqual(['on', 'off']);
  });

  it('boot', async () => {
    expect((await example('boot')).output).toBe('boots pxe next (UEFI)\non: reached\n');
    expect(machine.chassis.bootFlags()).toMatchObject({ valid: true, efi: true, persistent: false });
    expect(machine.chassis.poweredOn()).toBe(true);
  });

  it('sensors', async () => {
    const { output } = await example('sensors');
    expect(output).toMatch(/^.+ \| Temperature \| \d+(\.\d+)? degrees C \| ok$/m);
    expect(output).toMatch(/^.+ \| Fan \| \d+ RPM \| ok$/m);
    expect(output).toMatch(/^draws 180 W, \d+ W on average$/m);
  });

  it('event-log', async () => {
    const listed = await example('event-log');
    expect(listed.output).toMatch(/^1 \| \d{4}-\d\d-\d\dT[\d:.]+Z \| .+ \| .+ \| \w+$/m);
    expect(listed.output).toContain('the controller’s clock is '.replace('’', "'"));
    expect(listed.output).not.toContain('cleared');
    const cleared = await example('event-log', ['clear']);
    expect(cleared.output).toMatch(/\ncleared\n$/);
    expect((await example('event-log')).output).not.toMatch(/^2 \|/m);
  });

  it('inventory', async () => {
    const { output } = await example('inventory');
    expect(output).toMatch(/\(device 0\)$/m);
    expect(output).toMatch(/^ {2}board: .+ = Simulated Board$/m);
    expect(output).toMatch(/^ {2}product: .+ = Simulated Machine$/m);
    expect(output).not.toContain('could not be read');
  });

  it('controller', async () => {
    const { output } = await example('controller');
    expect(output).toMatch(/^self test passed$/m);
    expect(output).toMatch(/^ {2}\d+ admin: ADMINISTRATOR \(4\)$/m);
    expect(output).toMatch(/^127\.0\.0\.1 \(\w+\), ([0-9a-f]{2}:){5}[0-9a-f]{2}$/m);
    expect(output).toMatch(/^suite 17: hmacSha256 hmacSha256x128 aesCbc128 \(default\)$/m);
    expect(output).toMatch(/^watchdog: not running$/m);
  });

  it('console', async () => {
    const { output, code } = await example('console', ['hello', 'machine']);
    expect(output).toBe('hello machine\r\nmachine login: ');
    expect(code).toBe(0);
    expect(machine.bmc.sol?.owner()).toBe(0);
  });

  it('own-commands', async () => {
    const { output } = await example('own-commands');
    expect(output).toMatch(/^\d+ entries, \d+ bytes free$/m);
    expect(output).toMatch(/^ACPI: /m);
    expect(output).toMatch(/^00h completed normally: 20[0-9a-f]{20,}$/m);
  });

  it('fleet', async () => {
    const { output } = await example('fleet', ['127.0.0.1', '::1']);
    expect(output).toBe('127.0.0.1 on\n::1 unreachable (may work later)\n');
  });

  it('pins', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bootwright-pins-'));
    try {
      const file = join(folder, 'suites.json');
      expect((await example('pins', [file])).output).toBe('suite 17 from now on\n');
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ [`127.0.0.1:${machine.env.BMC_PORT}`]: 17 });
      expect((await example('pins', [file])).output).toBe('suite 17 from now on\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('login-errors', async () => {
    expect((await example('login-errors')).output).toBe('power is on\npower is on\n');
    const { output } = await example('login-errors', ['again'], { BMC_PASSWORD: 'wrong' });
    expect(output.match(/^authentication-failed at .*$/gm)).toEqual([
      'authentication-failed at RAKP message 2',
      'authentication-failed at before Open Session',
      'authentication-failed at RAKP message 2',
    ]);
    expect(output).toContain('perhaps the password is wrong');
    expect(output).not.toContain('undefined');
  });

  it('has run every program there is', () => {
    const programs = readdirSync(EXAMPLES).filter((name) => name !== SHARED);
    expect([...ran].sort()).toEqual(programs.sort());
  });
});
