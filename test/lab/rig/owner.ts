/** Who owns a rig: a process on this host. Rigs of dead owners are leftovers, and are removed. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RUN } from '../cache.ts';
import { cutHostLink, NAMESPACE_PREFIX, releaseLink } from './network.ts';
import { labNamespaces, removeNamespace } from './owned.ts';

/** What is kept about a living rig, in `run/ID.rig`. */
export interface RigRecord {
  readonly id: string;
  readonly dir: string;
  readonly pid: number;
  /** The owner's start time in clock ticks since boot, since a pid is used again. */
  readonly started: string;
}

/** Writes down that this process owns a rig. */
export function recordOwner(id: string, dir: string): void {
  mkdirSync(RUN, { recursive: true });
  const record: RigRecord = { id, dir, pid: process.pid, started: startTime(process.pid) ?? '' };
  writeFileSync(recordFile(id), JSON.stringify(record));
}

/** The rigs on this host, with whether their owner lives. */
export function listRigs(): (RigRecord & { readonly alive: boolean })[] {
  mkdirSync(RUN, { recursive: true });
  return readdirSync(RUN).flatMap((name) => {
    if (!name.endsWith('.rig')) return [];
    const record = JSON.parse(readFileSync(join(RUN, name), 'utf8')) as RigRecord; // written by recordOwner
    return [{ ...record, alive: startTime(record.pid) === record.started }];
  });
}

/**
 * Removes the network, the processes and the record of a rig; its logs stay.
 * Synchronous, so that it can be done while the owner exits; what is gone already is no error.
 */
export function removeRig(id: string): void {
  for (const part of ['svc', 'lab']) {
    const namespace = `${NAMESPACE_PREFIX}${id}-${part}`;
    if (labNamespaces().includes(namespace)) removeNamespace(namespace);
  }
  cutHostLink(id);
  releaseLink(id);
  rmSync(recordFile(id), { force: true });
}

/**
 * Removes what rigs of dead owners left: processes, namespaces, links, disks, and all but the latest logs.
 * @returns the ids of the rigs removed
 */
export function cleanLeftovers(): string[] {
  mkdirSync(RUN, { recursive: true });
  const rigs = listRigs();
  const living = new Set(rigs.filter((rig) => rig.alive).map((rig) => rig.id));
  const stray = labNamespaces().map((namespace) => namespace.slice(NAMESPACE_PREFIX.length).replace(/-(svc|lab)$/, ''));
  const dead = [...new Set([...rigs.map((rig) => rig.id), ...stray])].filter((id) => !living.has(id));
  for (const id of dead) removeRig(id);

  const folders = readdirSync(RUN, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !living.has(entry.name),
  );
  const byAge = folders
    .map(({ name }) => ({ path: join(RUN, name), at: statSync(join(RUN, name)).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  for (const { path } of byAge.slice(KEPT_LOGS)) rmSync(path, { recursive: true, force: true });
  return dead;
}

/** The folders of ended rigs that stay, to be read after a failed test. */
const KEPT_LOGS = 10;

function recordFile(id: string): string {
  return join(RUN, `${id}.rig`);
}

/** Field 22 of /proc/PID/stat, undefined when there is no such process. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
