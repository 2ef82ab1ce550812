import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../foundation/clock.ts';
import { withDeadline } from '../../foundation/deadline.ts';
import { ConfigError, DeadlineError } from '../../foundation/errors.ts';
import { Secret } from '../../foundation/secret.ts';
import { LONGEST_SECRET } from './secret-file.ts';
import { withoutLastNewline } from './value.ts';

export type CommandEnvironment = Readonly<Record<string, string>>;

/** Time a program has to give its value: long enough for a smart card or a remote vault, no place for a prompt. */
const COMMAND_MS = 30_000;

/**
 * Runs a program without a shell and takes its standard output as the value, less one newline at its end. Its standard
 * error goes nowhere: such programs tell about the secret there.
 * @throws ConfigError when it cannot be started, fails, or writes too much
 * @throws DeadlineError when it has not ended after 30 s; it is killed with all it started
 */
export async function readSecretCommand(
  clock: Clock,
  command: readonly string[],
  environment: CommandEnvironment,
  signal: AbortSignal,
): Promise<Secret> {
  const [program, ...parameters] = command;
  if (program === undefined || program === '') throw new ConfigError('secret command is an empty list: name a program');
  const what = `secret command ${program}`;
  return withDeadline(clock, COMMAND_MS, signal, what, async (during) => {
    // A process group of its own, so that ending it ends what it started too.
    const child = spawn(program, parameters, {
      env: environment,
      stdio: ['ignore', 'pipe', 'ignore'],
      shell: false,
      detached: true,
    });
    const onAbort = (): void => endGroup(child);
    during.addEventListener('abort', onAbort, { once: true });
    try {
      const value = await collect(child, what);
      during.throwIfAborted();
      return value;
    } finally {
      during.removeEventListener('abort', onAbort);
      endGroup(child);
    }
  }).catch((error: unknown) => {
    if (error instanceof DeadlineError) throw new DeadlineError(`${error.message}; was it asking for something?`);
    throw error;
  });
}

function collect(child: ChildProcess, what: string): Promise<Secret> {
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise<Secret>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(new ConfigError(`${what} cannot be started: ${error.code ?? 'unknown error'}`));
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= LONGEST_SECRET) chunks.push(chunk);
      else {
        chunk.fill(0);
        reject(new ConfigError(`${what} wrote more than ${LONGEST_SECRET} bytes`));
        endGroup(child);
      }
    });
    child.once('close', (code, killedBy) => {
      if (code !== 0) reject(new ConfigError(`${what} failed: ${code === null ? `${killedBy}` : `exit code ${code}`}`));
      else {
        const whole = Buffer.concat(chunks);
        resolve(new Secret(withoutLastNewline(whole)));
        whole.fill(0);
      }
    });
  }).finally(() => {
    for (const chunk of chunks) chunk.fill(0);
  });
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: the group is gone already, which is what was wanted.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
