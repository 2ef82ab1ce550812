import type { Machine } from '../../domain/machine.ts';
import type { HostSighting } from '../../domain/ports/hosts.ts';
import { withDeadline } from '../../foundation/deadline.ts';
import { errorText, rethrowAbort } from '../../foundation/errors.ts';
import { connect, type SshConnection, type SshParts } from './connection.ts';
import { sight } from './sight.ts';
import { type SshTarget, targetOf } from './target.ts';

/** Connections by machine and stage, kept a while after use. */
export type SshConnections = AsyncDisposable & {
  /** As `connect`, but an idle connection to the same target is taken when there is one. Disposing of it gives it back. */
  open(target: SshTarget, signal: AbortSignal): Promise<SshConnection>;
  /** As `sight`; an idle connection that still answers is proof enough, since its key was checked when it was made. */
  sight(machine: Machine, signal: AbortSignal): Promise<HostSighting>;
};

export type SshConnectionsOptions = {
  /** How long an unused connection is kept, milliseconds. Default 10 000. */
  readonly idleMs?: number;
  /** Unused connections kept in all; the oldest go first. Default 256. */
  readonly maximumIdle?: number;
};

/** One round trip to a live machine, with room for a slow one; a dead one is looked at anew after it. */
const PING_MS = 2_000;

type Idle = { readonly key: string; readonly connection: SshConnection; readonly unused: AbortController };

/**
 * A handshake is the dearest part of a look (a second and more on a slow machine), and a run looks every half second. So a
 * connection waits for its next use; it is taken by one user at a time, and is closed when a command on it was aborted.
 */
export function createSshConnections(parts: SshParts, options: SshConnectionsOptions = {}): SshConnections {
  const { clock, log } = parts;
  const { idleMs = 10_000, maximumIdle = 256 } = options;
  const idle = new Set<Idle>();
  const closing = new Set<Promise<void>>();

  function take(key: string): SshConnection | undefined {
    for (const entry of [...idle].reverse()) {
      if (entry.key !== key) continue;
      idle.delete(entry);
      entry.unused.abort();
      if (entry.connection.isOpen()) return entry.connection;
      close(entry.connection);
    }
    return undefined;
  }

  function giveBack(key: string, connection: SshConnection): void {
    if (!connection.isOpen() || idleMs === 0) {
      close(connection);
      return;
    }
    const entry: Idle = { key, connection, unused: new AbortController() };
    idle.add(entry);
    const [oldest] = idle;
    if (idle.size > maximumIdle && oldest !== undefined) drop(oldest);
    clock.sleep(idleMs, entry.unused.signal).then(
      () => drop(entry),
      () => undefined,
    );
  }

  function drop(entry: Idle): void {
    if (!idle.delete(entry)) return;
    entry.unused.abort();
    close(entry.connection);
  }

  function close(connection: SshConnection): void {
    const closed = closeQuietly(connection).finally(() => closing.delete(closed));
    closing.add(closed);
  }

  async function closeQuietly(connection: SshConnection): Promise<void> {
    try {
      await connection[Symbol.asyncDispose]();
    } catch (error) {
      log.debug({ host: connection.describe, error: errorText(error) }, 'closing an SSH connection failed');
    }
  }

  /** Lends it to one user. */
  function lend(key: string, connection: SshConnection): SshConnection {
    let lent = true;
    return {
      ...connection,
      async [Symbol.asyncDispose]() {
        if (lent) giveBack(key, connection);
        lent = false;
      },
    };
  }

  async function answers(connection: SshConnection, signal: AbortSignal): Promise<boolean> {
    try {
      const asked = `ask ${connection.describe} for a sign of life`;
      const { dropped } = await withDeadline(clock, PING_MS, signal, asked, (during) =>
        connection.exec(':', {}, during),
      );
      return !dropped;
    } catch (error) {
      rethrowAbort(signal);
      log.debug({ host: connection.describe, error: errorText(error) }, 'idle SSH connection is dead');
      return false;
    }
  }

  return {
    async open(target, signal) {
      const key = keyOf(target);
      return lend(key, take(key) ?? (await connect(parts, target, signal)));
    },
    async sight(machine, signal) {
      for (const stage of machine.spec.stage1 === undefined ? ([3] as const) : ([3, 1] as const)) {
        const key = keyOf(targetOf(machine, stage));
        const connection = take(key);
        if (connection === undefined) continue;
        const alive = await answers(connection, signal);
        giveBack(key, connection);
        if (alive) return { kind: stage === 1 ? 'stage-1' : 'stage-3', fingerprint: connection.fingerprint };
      }
      return await sight(clock, machine, signal);
    },
    async [Symbol.asyncDispose]() {
      for (const entry of [...idle]) drop(entry);
      await Promise.all(closing);
    },
  };
}

/** Whatever must be the same for a connection to be as good as a new one: place, user, identity, and every pinned key. */
function keyOf({ stage, address, port, user, identity, pinned }: SshTarget): string {
  const pins = [...pinned.stage1, ...pinned.stage3].map(({ fingerprint }) => fingerprint);
  return JSON.stringify([stage, address, port, user, identity, pins]);
}
