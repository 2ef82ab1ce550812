import type { Clock } from '../../../../foundation/clock.ts';

/**
 * Sessions of ours that were lost while they had the console. The controller keeps it for them until they idle out, so
 * that our own next session finds it taken: by nobody who would miss it.
 */
export type SolOrphans = {
  add(sessionId: number): void;
  /** It has given the console up. */
  remove(sessionId: number): void;
  readonly isOrphan: (sessionId: number) => boolean;
  /** Whether there is one that the controller may not have ended yet. */
  readonly recent: () => boolean;
};

/** Controllers end idle sessions after 60 s; some are late. */
const REMEMBERED_MS = 300_000;
const RECENT_MS = 120_000;
const CAPACITY = 16;

export function createSolOrphans(clock: Clock): SolOrphans {
  let sessions: readonly { readonly id: number; readonly at: number }[] = [];
  const youngerThan = (ms: number): readonly { readonly id: number }[] =>
    sessions.filter(({ at }) => clock.elapsed() - at <= ms);
  return {
    add(id) {
      sessions = [...sessions, { id, at: clock.elapsed() }].slice(-CAPACITY);
    },
    remove(id) {
      sessions = sessions.filter((session) => session.id !== id);
    },
    isOrphan: (sessionId) => youngerThan(REMEMBERED_MS).some(({ id }) => id === sessionId),
    recent: () => youngerThan(RECENT_MS).length > 0,
  };
}
