import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildLibrary, TOP } from './built-library.ts';
import { runProgram } from './run-program.ts';
import { startSimulatedMachine } from './simulated-machine.ts';

// The package as its users have it: packed, unpacked below node_modules, with nothing else there.

let folder: string;
let installed: string;

beforeAll(async () => {
  await buildLibrary();
  folder = mkdtempSync(join(tmpdir(), 'bootwright-packed-'));
  installed = join(folder, 'node_modules', 'bootwright');
  mkdirSync(installed, { recursive: true });
  // Without its scripts: they would build the web pages and start the service.
  const packed = done('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], TOP);
  done('tar', ['-xzf', join(folder, packed.trim()), '-C', installed, '--strip-components=1'], folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', type: 'module', private: true }));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed library', () => {
  it('is in the package, with its page and license', () => {
    for (const file of ['dist/lib/library/ipmi.js', 'dist/lib/library/ipmi.d.ts', 'src/library/ipmi.md', 'LICENSE']) {
      expect(existsSync(join(installed, file)), file).toBe(true);
    }
    expect(existsSync(join(installed, 'test'))).toBe(false);
    expect(existsSync(join(installed, 'node_modules'))).toBe(false);
  });

  it('imports Node and itself, and nothing else', () => {
    const imported = readdirSync(join(installed, 'dist', 'lib'), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(js|d\.ts)$/.test(name))
      .flatMap((name) => importsOf(readFileSync(join(installed, 'dist', 'lib', name), 'utf8')));
    expect(imported.length).toBeGreaterThan(500);
    const packages = [...new Set(imported.filter((from) => !from.startsWith('.')))];
    expect(packages).toContain('node:dgram');
    expect(packages.filter((from) => !from.startsWith('node:') || !isBuiltin(from))).toEqual([]);
  });

  it('runs in a module without flags', async () => {
    await using machine = await startSimulatedMachine();
    writeFileSync(
      join(folder, 'consumer.mjs'),
      `import { createIpmi, quirks } from 'bootwright/ipmi';
      const { BMC_HOST: host, BMC_PORT, BMC_USER: user, BMC_PASSWORD: password } = process.env;
      const ipmi = createIpmi();
      const bmc = await ipmi.open({ host, port: Number(BMC_PORT), user, password: Buffer.from(password) });
      console.log(await bmc.powerState(), quirks.length > 20);
      await ipmi[Symbol.asyncDispose]();`,
    );
    const result = await runProgram('consumer.mjs', [], { cwd: folder, env: machine.env });
    expect(result).toEqual({ code: 0, output: 'off true\n', errors: '' });
    expect(machine.bmc.sessions).toBe(0);
  });

  it('can be required', async () => {
    writeFileSync(join(folder, 'consumer.cjs'), `console.log(typeof require('bootwright/ipmi').createIpmi);`);
    expect(await runProgram('consumer.cjs', [], { cwd: folder })).toEqual({
      code: 0,
      output: 'function\n',
      errors: '',
    });
  });

  it('runs its own examples', async () => {
    await using machine = await startSimulatedMachine();
    cpSync(join(installed, 'src', 'library', 'examples'), join(folder, 'examples'), { recursive: true });
    const result = await runProgram('examples/sensors.ts', [], { cwd: folder, env: machine.env });
    expect(result.errors).toBe('');
    expect(result.output).toMatch(/^Inlet Temp \| Temperature \| 23 degrees C \| ok$/m);
  });

  it('keeps all but its entry to itself', async () => {
    writeFileSync(join(folder, 'deep.mjs'), `import 'bootwright/dist/lib/library/client.js';`);
    expect((await runProgram('deep.mjs', [], { cwd: folder })).errors).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it('has types that a strict program compiles against', () => {
    cpSync(join(installed, 'src', 'library', 'examples'), join(folder, 'examples'), { recursive: true });
    writeFileSync(join(folder, 'consumer.ts'), CONSUMER);
    expect(typeErrors(['consumer.ts', ...exampleFiles()])).toBe('');
  });

  it('has types that tell a wrong program', () => {
    writeFileSync(join(folder, 'wrong.ts'), WRONG_CONSUMER);
    const errors = typeErrors(['wrong.ts']);
    expect(errors.match(/^wrong\.ts\(\d+/gm)).toEqual(['wrong.ts(3', 'wrong.ts(4', 'wrong.ts(5', 'wrong.ts(6']);
  });
});

const CONSUMER = `
import { type ChassisReport, commands, CompletionCodeError, createIpmi, type IpmiClient, type PowerResult } from 'bootwright/ipmi';

export async function restart(bmc: IpmiClient, signal: AbortSignal): Promise<PowerResult> {
  return await bmc.power('reset', { signal, settleMs: 5_000 });
}
export async function report(): Promise<ChassisReport | number> {
  await using ipmi = createIpmi({ attempts: 2 });
  await using bmc = await ipmi.open({ host: '192.0.2.7', user: 'admin', password: async () => Buffer.of(1), privilege: 'user' });
  try {
    const id: number = (await bmc.request(commands.getDeviceId, undefined)).manufacturerId;
    const hot = (await bmc.sensors()).filter(({ value, unit }) => unit === 'degrees C' && (value ?? 0) > 80);
    return id + hot.length;
  } catch (error) {
    if (error instanceof CompletionCodeError) return error.completionCode;
    return await bmc.chassis();
  }
}
`;

const WRONG_CONSUMER = `import { createIpmi } from 'bootwright/ipmi';
await using ipmi = createIpmi();
await ipmi.open({ host: '192.0.2.7', user: 'admin', password: 7 });
const bmc = await ipmi.open({ host: '192.0.2.7', user: 'admin', password: '', cipherSuites: '17' });
await bmc.power('restart');
const state: 'up' = await bmc.powerState();
export { state };
`;

function exampleFiles(): readonly string[] {
  return readdirSync(join(folder, 'examples')).map((name) => join('examples', name));
}

/** Strict, and without \`skipLibCheck\`, so that our declarations are checked too. */
function typeErrors(files: readonly string[]): string {
  const options = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    allowImportingTsExtensions: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(TOP, 'node_modules', '@types')],
  };
  const project = join(folder, 'tsconfig.json');
  writeFileSync(project, JSON.stringify({ compilerOptions: options, files }));
  const compiler = join(TOP, 'node_modules', '.bin', 'tsc');
  const { status, stdout } = spawnSync(compiler, ['-p', project], { cwd: folder, encoding: 'utf8' });
  return status === 0 ? '' : stdout;
}

function importsOf(text: string): readonly string[] {
  const statements = text.matchAll(/^(?:import|(?:import|export)\b[^;'"]*?\bfrom)\s*['"]([^'"]+)['"]/gm);
  const expressions = text.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]/g);
  return [...statements, ...expressions].map((match) => match[1] ?? '');
}

function done(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}
