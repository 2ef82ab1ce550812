import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ServeOrder } from './serve.ts';

/** A UDP socket that the service inherits, bound to its device as systemd does it. */
export type InheritedSocket = {
  readonly name: string;
  readonly device: string;
  readonly port: number;
  /** TCP, listening. Default: UDP. */
  readonly stream?: boolean;
  /** Default 4. */
  readonly family?: 4 | 6;
};

/** What is in the URLs of the attempt that `serve.ts` arms. */
export const SERVED_TOKEN = `token${'1'.padStart(27, '0')}`;

export type ServingPlace = {
  readonly namespace: string;
  /** Where its order is written. */
  readonly folder: string;
  /** Its process is put there; who owns the list ends it. */
  readonly children: ChildProcess[];
  /** With them it is an unprivileged user who inherits them. */
  readonly sockets?: readonly InheritedSocket[];
};

/** What the listeners told of, in their order. */
export type ServedEvents = {
  readonly events: { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[];
  /** Lets a minute pass for the service. */
  leap(): void;
};

/**
 * Starts `serve.ts` in a namespace, and waits until it serves.
 * @returns what it tells, as it comes
 */
export async function startServing(
  { namespace, folder, children, sockets }: ServingPlace,
  order: ServeOrder,
): Promise<ServedEvents> {
  const path = join(folder, `order-${namespace}.json`);
  writeFileSync(path, JSON.stringify(order), { mode: 0o644 });
  const service = [process.execPath, join(import.meta.dirname, 'serve.ts'), path];
  const inherit = ['python3', join(import.meta.dirname, 'inherit.py'), JSON.stringify(sockets)];
  const words = sockets === undefined ? service : [...inherit, ...service];
  const child = spawn('ip', ['netns', 'exec', namespace, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const complaints: string[] = [];
  child.stderr.on('data', (chunk) => complaints.push(String(chunk)));
  const events: ServedEvents['events'] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  createInterface(child.stdout).on('line', (line) => {
    const event = JSON.parse(line);
    if (event.type === 'ready') resolve();
    else events.push(event);
  });
  child.once('error', reject);
  child.once('exit', (code) => reject(new Error(`service ended with ${code}: ${complaints.join('')}`)));
  await promise;
  return { events, leap: () => void child.kill('SIGUSR2') };
}
