import type { Machine } from '../../domain/machine.ts';
import type { HostSighting } from '../../domain/ports/hosts.ts';
import type { Clock } from '../../foundation/clock.ts';
import { withDeadline } from '../../foundation/deadline.ts';
import { DeadlineError, rethrowAbort, UnreachableError } from '../../foundation/errors.ts';
import { handshake } from './handshake.ts';
import { ALL_HOST_KEY_ALGORITHMS, algorithmsFor, type HostKey, sameHostKey } from './host-key.ts';
import { type PinnedKeys, pinnedKeys, portOf } from './target.ts';

/** One look at one port, TCP and key exchange. */
const SIGHT_MS = 8_000;

/**
 * Looks which stage's SSH server is there, by a key exchange and no more: no user name, no authentication, no command.
 * A pinned key counts only when the server has signed the exchange with it.
 */
export async function sight(clock: Clock, machine: Machine, signal: AbortSignal): Promise<HostSighting> {
  const pinned = pinnedKeys(machine);
  const { address, stage1, stage3 } = machine.spec;
  const ports = new Set([portOf(stage1 ?? stage3), portOf(stage3)]);
  const seen: HostSighting[] = [];
  for (const port of ports) {
    const sighting = await sightPort(clock, machine.spec.name, address, port, pinned, signal);
    if (sighting.kind === 'stage-1' || sighting.kind === 'stage-3') return sighting;
    seen.push(sighting);
  }
  const stranger = seen.find((sighting) => sighting.kind === 'stranger');
  if (stranger !== undefined) return stranger;
  return { kind: 'absent', why: seen.map((sighting) => (sighting.kind === 'absent' ? sighting.why : '')).join('; ') };
}

async function sightPort(
  clock: Clock,
  name: string,
  address: string,
  port: number,
  pinned: PinnedKeys,
  signal: AbortSignal,
): Promise<HostSighting> {
  const describe = `${name} (${address}:${port})`;
  const all = [...pinned.stage1, ...pinned.stage3];
  const accept = (key: HostKey): boolean => all.some((other) => sameHostKey(key, other));
  // The user name is never sent: authentication does not begin.
  const common = { describe, address, port, user: 'nobody', accept };
  try {
    const result = await withDeadline(clock, SIGHT_MS, signal, `look at ${describe}`, async (during) => {
      const first = await handshake(clock, { ...common, algorithms: algorithmsFor(all) }, during);
      return first.kind === 'no-such-key'
        ? handshake(clock, { ...common, algorithms: ALL_HOST_KEY_ALGORITHMS }, during)
        : first;
    });
    if (result.kind === 'no-such-key') return { kind: 'absent', why: `${describe}: ${result.why}` };
    const { key } = result;
    if (result.kind === 'not-accepted') return stranger(key, pinned);
    const stage = pinned.stage1.some((other) => sameHostKey(key, other)) ? 'stage-1' : 'stage-3';
    return { kind: stage, fingerprint: key.fingerprint };
  } catch (error) {
    rethrowAbort(signal);
    if (!(error instanceof UnreachableError || error instanceof DeadlineError)) throw error;
    return { kind: 'absent', why: error.message };
  }
}

function stranger(key: HostKey, pinned: PinnedKeys): HostSighting {
  return {
    kind: 'stranger',
    seen: key.fingerprint,
    seenKey: key.line,
    expected: [
      ...pinned.stage1.map(({ fingerprint }) => ({ stage: 1 as const, fingerprint })),
      ...pinned.stage3.map(({ fingerprint }) => ({ stage: 3 as const, fingerprint })),
    ],
  };
}
