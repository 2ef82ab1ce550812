import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type ServiceOptions = {
  readonly configFile: string;
  /** Words before the program: `ip netns exec NAME`. */
  readonly prefix?: readonly string[];
  /** Environment beside PATH and HOME: what `env:` secrets refer to. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Gets each line of the service's log (JSON lines). */
  onLog?(line: string): void;
};

/** The service as a process of its own, started as a user would start it. */
export type ServiceProcess = AsyncDisposable & {
  readonly pid: number;
  readonly url: string;
  /** The admin token, printed at first start only. */
  readonly token: string | undefined;
  /** From spawn to the line that says it serves. */
  readonly startMs: number;
  /** Everything it printed so far. */
  output(): string;
  residentMb(): number;
  /** SIGKILL, as a power cut would. */
  kill(): Promise<void>;
  /** SIGTERM, and its exit code. */
  stop(): Promise<number | null>;
};

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
/** As `npm start` has them. */
const NODE_FLAGS = ['--max-semi-space-size=4'];
const START_LIMIT_MS = 30_000;

/** Starts the service and waits until it serves. @throws Error with its output when it does not */
export async function startService(options: ServiceOptions): Promise<ServiceProcess> {
  const started = performance.now();
  const argv = [...(options.prefix ?? []), process.execPath, ...NODE_FLAGS, MAIN, '--config', options.configFile];
  const child = spawn(argv[0] ?? '', argv.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/root', ...options.environment },
  });
  const printed: string[] = [];
  const exited = once(child, 'exit');
  const serving = Promise.withResolvers<string>();
  let token: string | undefined;
  readLines(child, 'stdout', (line) => {
    printed.push(line);
    token ??= /^admin token \(shown once\): (\S+)$/.exec(line)?.[1];
    const url = /^serving on (\S+)$/.exec(line)?.[1];
    if (url !== undefined) serving.resolve(url);
  });
  readLines(child, 'stderr', (line) => {
    printed.push(line);
    options.onLog?.(line);
  });
  child.once('error', (error) => serving.reject(error));
  child.once('exit', (code) =>
    serving.reject(new Error(`the service ended with ${code}:\n${printed.slice(-20).join('\n')}`)),
  );
  const limit = setTimeout(
    () => serving.reject(new Error(`not serving after ${START_LIMIT_MS} ms:\n${printed.join('\n')}`)),
    START_LIMIT_MS,
  );
  try {
    const url = await serving.promise;
    const startMs = performance.now() - started;
    return processHandle(child, exited, { url, token, startMs, printed });
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(limit);
  }
}

type Seen = {
  readonly url: string;
  readonly token: string | undefined;
  readonly startMs: number;
  readonly printed: readonly string[];
};

function processHandle(child: ChildProcess, exited: Promise<unknown>, seen: Seen): ServiceProcess {
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
    return child.exitCode;
  };
  const pid = child.pid ?? 0;
  return {
    pid,
    url: seen.url,
    token: seen.token,
    startMs: seen.startMs,
    output: () => seen.printed.join('\n'),
    residentMb: () => residentMb(pid),
    async kill() {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
    async [Symbol.asyncDispose]() {
      const limit = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await end('SIGTERM');
      clearTimeout(limit);
    },
  };
}

/** Resident memory of a process, MiB. */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

function readLines(child: ChildProcess, stream: 'stdout' | 'stderr', onLine: (line: string) => void): void {
  let rest = '';
  child[stream]?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}
