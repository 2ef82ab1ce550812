import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RouterAdvertisement } from '../../domain/router-advertisement.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Entropy } from '../../foundation/entropy.ts';
import { ConfigError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { retrySchedule } from '../../foundation/retry-schedule.ts';
import { formatRadvdConfig } from './radvd-config.ts';

export type RadvdDeps = { readonly clock: Clock; readonly entropy: Entropy; readonly log: Log };

export type RadvdOptions = {
  readonly advertisements: readonly RouterAdvertisement[];
  /** Folder of ours for its configuration and process id: the data directory. */
  readonly folder: string;
  /** Folders where programs are, as $PATH has them. */
  readonly path: string;
};

/** It says good-bye to its hosts before it ends. */
const GRACE_MS = 3000;
/** Who ran for so long starts over with short waits. */
const STEADY_MS = 60_000;
const LONGEST_LINE = 300;

/**
 * Sends router advertisements by radvd, as a child process that is started again when it ends by itself, with growing waits, and ends with us.
 * @throws ConfigError when radvd is not installed, or may not be started
 */
export function createRadvd({ clock, entropy, log }: RadvdDeps, options: RadvdOptions) {
  const config = join(options.folder, 'radvd.conf');
  const pidFile = join(options.folder, 'radvd.pid');

  async function run(signal: AbortSignal): Promise<void> {
    await endLeftOver();
    // radvd refuses a file that others may write.
    await writeFile(config, formatRadvdConfig(options.advertisements), { mode: 0o644 });
    let waits = schedule();
    while (!signal.aborted) {
      const begun = clock.elapsed();
      const ended = await runOnce(signal);
      if (signal.aborted) break;
      if (clock.elapsed() - begun >= STEADY_MS) waits = schedule();
      const waitMs = waits.next().value ?? 0;
      log.error({ ...ended, waitMs: Math.round(waitMs) }, 'radvd ended; it is started again');
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
    await rm(config, { force: true });
  }

  const schedule = () =>
    retrySchedule({ firstMs: 1000, maximumMs: 60_000, attempts: Number.POSITIVE_INFINITY, jitter: 0.2 }, entropy);

  /** @returns how it ended and the last it said */
  async function runOnce(signal: AbortSignal): Promise<{ readonly ended: string; readonly said: string }> {
    const child = spawn('radvd', ['--nodaemon', '--config', config, '--pidfile', pidFile, '--logmethod', 'stderr'], {
      env: { PATH: options.path },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    createInterface(child.stderr).on('line', (line) => {
      said = line.slice(0, LONGEST_LINE);
      log.debug({ radvd: said }, 'radvd');
    });
    const over = new AbortController();
    const onAbort = (): void => void end(child, over.signal);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      return { ended: await ending(child), said };
    } finally {
      over.abort();
      signal.removeEventListener('abort', onAbort);
    }
  }

  async function end(child: ChildProcess, over: AbortSignal): Promise<void> {
    child.kill('SIGTERM');
    await clock.sleep(GRACE_MS, over).catch(() => undefined);
    if (!over.aborted) child.kill('SIGKILL');
  }

  /** One that a service of ours left behind when it was killed: two would speak over each other. */
  async function endLeftOver(): Promise<void> {
    const pid = Number((await textOf(pidFile)).trim());
    if (!Number.isInteger(pid) || pid <= 1) return;
    const words = (await textOf(`/proc/${pid}/cmdline`)).split('\0');
    if (!words.includes(config)) return;
    log.warn({ pid }, 'radvd of an earlier run is still there, and is ended');
    try {
      process.kill(pid, 'SIGTERM');
    } catch (error) {
      // ESRCH: it is gone already, which is what was wanted.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  return { run };
}

function ending(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const hint = 'install the package radvd, or leave routerAdvertisements out of netboot.interfaces[].ipv6';
      reject(new ConfigError(`radvd, which sends router advertisements, cannot be started (${error.code}): ${hint}`));
    });
    child.once('close', (code, killedBy) => resolve(code === null ? `${killedBy}` : `exit code ${code}`));
  });
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
