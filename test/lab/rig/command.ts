/** Runs programs to their end, with their output kept. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** How a program is run to its end. */
export interface ExecOptions {
  /** Written to standard input, which is then closed. */
  readonly input?: string | Buffer;
  /** Added to this process' environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Ends the program (SIGKILL) after this many milliseconds; `timedOut` then says so. Default: no limit. */
  readonly timeoutMs?: number;
  /** Ends the program when aborted. */
  readonly signal?: AbortSignal;
  /** Called with each piece of output as it comes. */
  readonly onOutput?: (text: string, stream: 'stdout' | 'stderr') => void;
}

/** How a program ended. */
export interface ExecResult {
  /** Exit status; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/**
 * Runs a program to its end; a status other than 0 is not an error here.
 * @param argv the program and its arguments; no shell is involved
 * @param onSpawn told the child, so that an owner can end it
 */
export async function exec(
  argv: readonly string[],
  options: ExecOptions = {},
  onSpawn?: (child: ChildProcess) => void,
): Promise<ExecResult> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  onSpawn?.(child);
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
      options.onOutput?.(text, stream);
    });
  }
  child.stdin.on('error', () => undefined); // the program may end without reading: its exit status tells
  child.stdin.end(options.input);

  let timedOut = false;
  const kill = () => child.kill('SIGKILL');
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          kill();
        }, options.timeoutMs);
  options.signal?.addEventListener('abort', kill);
  try {
    await once(child, 'close');
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', kill);
  }
  return { code: child.exitCode, ...output, timedOut };
}

/**
 * Runs a program that has to succeed.
 * @returns its standard output
 * @throws Error with the program's last words when its status is not 0
 */
export async function must(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
  const result = await exec(argv, options);
  if (result.code !== 0) {
    throw new Error(
      `${argv.join(' ')} failed (${result.code ?? 'killed'}): ${(result.stderr || result.stdout).trim().slice(-2000)}`,
    );
  }
  return result.stdout;
}
