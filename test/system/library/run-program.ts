import { spawn } from 'node:child_process';

export type ProgramResult = { readonly code: number | null; readonly output: string; readonly errors: string };

/** Runs a program with this Node, without flags, and collects what it prints. */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<ProgramResult> {
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  // Nothing of this process' environment: NODE_OPTIONS and BMC_* of whoever runs the tests would change the programs.
  const env = { PATH: process.env.PATH ?? '', ...options.env };
  const child = spawn(process.execPath, [file, ...args], { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.once('error', reject);
  child.once('close', resolve);
  const code = await promise;
  return { code, output: Buffer.concat(output).toString('utf8'), errors: Buffer.concat(errors).toString('utf8') };
}
