import type { LoaderExperience } from './loader-names.ts';

/** How often a machine may come back in one attempt before it is told why it is not given its loader again. */
export const MOST_HOPS = 3;

/**
 * What was seen of one network card's boots: how far it came, and what it was given before. A value; whoever keeps it
 * replaces it by what these functions return.
 */
export type BootTrail = {
  /** The attempt that the hops are of; another attempt begins at none. */
  readonly attempt: string | null;
  /** Times the machine came back after it had fetched what it was given. */
  readonly hops: number;
  /** An iPXE that could not do was given ours, and fetched it. */
  readonly replaced: boolean;
  readonly fetched: 'nothing' | 'loader' | 'script';
  /** The loader that is out, and for which architecture; null when none was offered since the last that worked. */
  readonly out: LoaderOut | null;
  /** Loaders that hung, by architecture. Beyond attempts: the next round must not begin with the one that hung. */
  readonly failed: ReadonlyMap<number, readonly string[]>;
};

type LoaderOut = {
  readonly loader: string;
  readonly architecture: number;
  /** Epoch ms of the last offer of a boot, of the loader's fetch, and how many boots it was offered in. */
  readonly offeredAt: number;
  readonly fetchedAt: number | null;
  readonly boots: number;
  /** It takes the place of an iPXE that lacks what is needed. */
  readonly replaces: boolean;
};

export const NO_TRAIL: BootTrail = {
  attempt: null,
  hops: 0,
  replaced: false,
  fetched: 'nothing',
  out: null,
  failed: new Map(),
};

/**
 * A DISCOVER begins the firmware's or iPXE's part anew. It is a hop when what was given before had been fetched: the
 * loader by firmware that asks once more, or the script by anybody. Repeated requests of one transaction find nothing fetched
 * and are none; nor is firmware that was itself loaded (a Raspberry Pi's UEFI), which asks as another architecture.
 * @param patienceMs how long a fetched loader may take to its script before it counts as hung
 */
export function afterAsked(
  trail: BootTrail,
  ask: {
    readonly attempt: string | null;
    readonly loader: 'firmware' | 'ipxe';
    readonly architecture: number;
    readonly now: number;
  },
  patienceMs: number,
): BootTrail {
  const fresh = trail.attempt === ask.attempt ? trail : { ...trail, attempt: ask.attempt, hops: 0, replaced: false };
  const asBefore = fresh.out === null || fresh.out.architecture === ask.architecture;
  const loaderAgain = fresh.fetched === 'loader' && ask.loader === 'firmware' && asBefore;
  const cameBack = fresh.fetched === 'script' || loaderAgain;
  const sameAttempt = trail.attempt === ask.attempt;
  const counted: BootTrail = cameBack
    ? { ...fresh, hops: sameAttempt ? Math.min(fresh.hops + 1, MOST_HOPS) : 0, fetched: 'nothing' }
    : fresh;
  return ask.loader === 'firmware' ? withoutHung(counted, ask.now, patienceMs) : counted;
}

/** Gives up on a loader that was fetched, or was offered in two boots, and of which no script fetch came in time. */
function withoutHung(trail: BootTrail, now: number, patienceMs: number): BootTrail {
  const { out } = trail;
  if (out === null) return trail;
  const hung =
    (out.fetchedAt !== null && now - out.fetchedAt >= patienceMs) ||
    (out.fetchedAt === null && out.boots >= 2 && now - out.offeredAt >= patienceMs);
  if (!hung) return trail;
  const before = trail.failed.get(out.architecture) ?? [];
  const failed = new Map(trail.failed).set(out.architecture, [
    ...before.filter((name) => name !== out.loader),
    out.loader,
  ]);
  return { ...trail, out: null, failed };
}

/** A loader was offered; the same one within the patience is the same boot, later it is another. */
export function afterOffered(
  trail: BootTrail,
  offer: { readonly loader: string; readonly architecture: number; readonly replaces: boolean; readonly now: number },
  patienceMs: number,
): BootTrail {
  const { loader, architecture, now } = offer;
  const same = trail.out !== null && trail.out.loader === loader && trail.out.architecture === architecture;
  const later = same && trail.out !== null && now - trail.out.offeredAt >= patienceMs;
  const boots = !same || trail.out === null ? 1 : trail.out.boots + (later ? 1 : 0);
  const offeredAt = same && trail.out !== null && !later ? trail.out.offeredAt : now;
  const fetchedAt = same && trail.out !== null ? trail.out.fetchedAt : null;
  return { ...trail, out: { loader, architecture, offeredAt, fetchedAt, boots, replaces: offer.replaces } };
}

/** The loader that is out was fetched whole. */
export function afterLoaderFetched(trail: BootTrail, now: number): BootTrail {
  const out = trail.out === null ? null : { ...trail.out, fetchedAt: now };
  const replaced = trail.replaced || trail.out?.replaces === true;
  return { ...trail, out, replaced, fetched: trail.fetched === 'script' ? 'script' : 'loader' };
}

/** The script was fetched: the loader that is out works, and nothing is held against those of its architecture. */
export function afterScriptFetched(trail: BootTrail): BootTrail {
  const failed = new Map(trail.failed);
  if (trail.out !== null) failed.delete(trail.out.architecture);
  return { ...trail, fetched: 'script', replaced: false, out: null, failed };
}

/** What the policy is told about an architecture's loaders. */
export function experienceOf(trail: BootTrail, architecture: number, proven: string | undefined): LoaderExperience {
  return { proven, failed: trail.failed.get(architecture) ?? [] };
}
