/** The processes of one rig: whatever runs in its namespaces is its own, and is ended by pid. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { NAMESPACE_PREFIX } from './network.ts';

/** Starts a program in a namespace that lives until it ends or the rig goes down; its output goes to a file. */
export function startDaemon(namespace: string, argv: readonly string[], cwd: string, logFile: string): ChildProcess {
  const log = openSync(logFile, 'a');
  return spawn('ip', ['netns', 'exec', namespace, ...argv], { cwd, stdio: ['ignore', log, log] });
}

/** Ends a child: SIGTERM, and SIGKILL when it is still there after `graceMs`. */
export async function endChild(child: ChildProcess, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await gone;
  clearTimeout(force);
}

/** The lab's namespaces on this host, of whichever rig. */
export function labNamespaces(): string[] {
  const listed = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout ?? '';
  return listed.split('\n').flatMap((line) => (line.startsWith(NAMESPACE_PREFIX) ? [line.split(' ')[0] ?? ''] : []));
}

/**
 * Ends what runs in a namespace and removes it, with its links. Synchronous, to be of use when the owner exits.
 * Only for namespaces of the lab.
 */
export function removeNamespace(namespace: string): void {
  if (!namespace.startsWith(NAMESPACE_PREFIX)) throw new Error(`not a namespace of the lab: ${namespace}`);
  const pids = spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' }).stdout ?? '';
  for (const pid of pids.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // ended by itself meanwhile
    }
  }
  spawnSync('ip', ['netns', 'del', namespace]);
}
