import type { SdrRecord } from '../../../../protocols/ipmi/sdr/sdr-record.ts';
import { createTurnQueue, type TurnQueue } from '../link/turn-queue.ts';
import type { IpmiRequester } from '../requester.ts';
import { type KnownSensor, knownSensors } from './known-sensor.ts';
import { readRepository } from './read-repository.ts';
import { surveySdrs } from './sdr-source.ts';

/** A controller's sensor data records, and its sensors by them. */
export type KnownSdrs = {
  readonly records: readonly SdrRecord[];
  readonly sensors: readonly KnownSensor[];
};

/** The records of one BMC, kept from call to call. */
export type SdrCache = {
  kept?: KnownSdrs & { readonly fingerprint: string };
  /** One call reads at a time: two would end each other's reservations, and the second has nothing left to read. */
  readonly turns: TurnQueue;
};

export function createSdrCache(): SdrCache {
  return { turns: createTurnQueue() };
}

/** Readings of the repository that others may disturb, before one is taken as it is. */
const TRIES = 3;

/**
 * The controller's records: kept ones while it says that nothing has changed, which takes two requests, else read.
 * @throws CompletionCodeError, UnreachableError
 */
export async function loadSdrs(requester: IpmiRequester, cache: SdrCache, signal: AbortSignal): Promise<KnownSdrs> {
  using _turn = await cache.turns.turn(signal);
  let survey = await surveySdrs(requester, signal);
  for (let attempt = 1; ; attempt++) {
    const { fingerprint } = survey;
    if (cache.kept !== undefined && fingerprint === cache.kept.fingerprint) return cache.kept;
    const { records, disturbed, complete } = await readRepository(requester, survey, signal);
    if (disturbed && attempt < TRIES) {
      // The reservation was lost, to another reader or to a change. A change makes it two halves of different lists.
      survey = await surveySdrs(requester, signal);
      if (survey.fingerprint !== fingerprint) continue;
    }
    const known = { records, sensors: knownSensors(records) };
    if (fingerprint === undefined || !complete) delete cache.kept;
    else cache.kept = { ...known, fingerprint };
    return known;
  }
}
