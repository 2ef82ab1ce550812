import { spawn, spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** A server that is measured, as a process of its own. */
export type ServerProcess = AsyncDisposable & {
  readonly name: string;
  readonly pid: number;
  /** What it printed last, for the message of an error. */
  said(): string;
  /** @throws Error with what it printed when it has ended: what was measured then is worth nothing */
  mustLive(): void;
};

/** Starts a program; its end is the caller's business. @param environment beside our own */
export function startServer(
  name: string,
  [command = '', ...args]: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ServerProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
  let text = '';
  const hear = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-2000);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const end = (): void => void child.kill();
  process.once('exit', end);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.once('exit', () => process.off('exit', end));
  child.once('error', hear.bind(undefined, Buffer.from(`${command} could not be started`)));
  return {
    name,
    pid: child.pid ?? 0,
    said: () => text.trim(),
    mustLive() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
        throw new Error(`${name} has ended (${child.exitCode ?? child.signalCode}): ${text.trim()}`);
    },
    async [Symbol.asyncDispose]() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(late);
    },
  };
}

/** Waits until something listens on the port. @param enter words that run a program where the server stands */
export async function untilListening(
  server: ServerProcess,
  enter: (...argv: readonly string[]) => readonly string[],
  kind: 'udp' | 'tcp',
  port: number,
): Promise<void> {
  const [command = '', ...args] = enter('ss', kind === 'udp' ? '-Hlun' : '-Hltn', 'sport', '=', `:${port}`);
  for (let tries = 0; tries < 300; tries++) {
    server.mustLive();
    if (spawnSync(command, args).stdout.toString().trim() !== '') return;
    await delay(50);
  }
  throw new Error(`${server.name} does not listen on ${kind} port ${port}: ${server.said()}`);
}
