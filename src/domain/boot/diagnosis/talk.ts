import type { InterfaceMode } from '../../boot-policy.ts';
import type { Answered, Asked } from './observation.ts';

/** One conversation by DHCP: from a DISCOVER to what the machine makes of the answers. Times are epoch milliseconds. */
export type Talk = {
  readonly speaker: 'firmware' | 'ipxe';
  readonly mac: string;
  readonly interface: string;
  readonly mode: InterfaceMode;
  readonly relay: string | null;
  readonly architecture: number | null;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly discovers: number;
  /** Our offers, and the last of them. */
  readonly offers: number;
  readonly lastOfferAt: number | null;
  /** What the last of our answers named. */
  readonly names: Answered['names'];
  readonly file: string | null;
  /** Our name in the offer. */
  readonly server: string | null;
  /** It asked for its address, and of whom. */
  readonly requestedAt: number | null;
  readonly chosen: string | null;
  readonly ackedAt: number | null;
  readonly naks: number;
  readonly nakAt: number | null;
  readonly declinedAt: number | null;
  /** By iPXE's own count, at its last DISCOVER that followed an offer of ours. */
  readonly heardOffers: 'none' | 'some' | null;
  readonly bootServerAsks: number;
  readonly bootServerFirstAt: number | null;
  readonly bootServerAnswers: number;
  /** Why it was not answered; null once it was. */
  readonly unanswered: { readonly why: string; readonly detail: string | null; readonly at: number } | null;
  readonly since: TalkSince;
};

/**
 * Since when something is amiss. Firmware that fails begins anew within seconds, so these go from one talk of a card to its
 * next, until something was fetched.
 */
export type TalkSince = {
  /** The first offer that was not taken. */
  readonly offered: number | null;
  /** DHCP had told it all there is. Beside another server: it asked that one for its address after our offer. */
  readonly told: number | null;
  /** It chose another server, and which. */
  readonly lost: { readonly at: number; readonly server: string } | null;
};

export const NOTHING_SINCE: TalkSince = { offered: null, told: null, lost: null };

/** A machine that was silent for so long begins anew: the last retry of firmware comes 32 s after the one before. */
const SILENCE_MS = 90_000;

/** The talk after a message of firmware or iPXE: the same one, or a new one where the message begins it anew. */
export function afterAsking(talk: Talk | null, speaker: Talk['speaker'], asked: Asked): Talk {
  const current = talk === null || beginsAnew(talk, asked) ? begun(talk, speaker, asked) : talk;
  const heard: Talk = { ...current, lastAt: asked.at };
  if (asked.channel === 'proxy') {
    return {
      ...heard,
      bootServerAsks: heard.bootServerAsks + 1,
      bootServerFirstAt: heard.bootServerFirstAt ?? asked.at,
    };
  }
  switch (asked.type) {
    case 'discover':
      return {
        ...heard,
        discovers: heard.discovers + 1,
        heardOffers: heard.offers > 0 ? asked.heardOffers : null,
      };
    case 'request':
      return afterRequest(heard, asked);
    case 'decline':
      return { ...heard, declinedAt: asked.at };
    case 'inform':
    case 'release':
      return heard;
  }
}

function afterRequest(talk: Talk, { at, chosen, foreign }: Asked): Talk {
  const requested = { ...talk, requestedAt: at, chosen };
  const { since } = talk;
  if (talk.mode === 'proxy') {
    const told = talk.offers > 0 ? (since.told ?? at) : since.told;
    return { ...requested, since: { ...since, offered: null, told } };
  }
  // A request without a server's name is for an address from before (RFC 2131 §4.3.2): whose is not said.
  // A relay may have given us another name in our offer (RFC 5107).
  if (chosen === null || !foreign || chosen === talk.server) return requested;
  return { ...requested, since: { ...since, offered: null, lost: { at: since.lost?.at ?? at, server: chosen } } };
}

/** The talk after an answer of ours. */
export function afterAnswering(talk: Talk, answered: Answered): Talk {
  const { at, type, names, file, server } = answered;
  const named: Talk = type === 'nak' ? talk : { ...talk, names, file, unanswered: null };
  if (answered.channel === 'proxy') return { ...named, bootServerAnswers: named.bootServerAnswers + 1 };
  switch (type) {
    case 'offer': {
      const since = { ...named.since, offered: named.since.offered ?? at };
      return { ...named, server, offers: named.offers + 1, lastOfferAt: at, since };
    }
    case 'ack': {
      const since = { offered: null, told: named.since.told ?? at, lost: null };
      return { ...named, server, ackedAt: at, since };
    }
    case 'nak':
      return { ...named, naks: named.naks + 1, nakAt: at };
  }
}

function beginsAnew(talk: Talk, asked: Asked): boolean {
  if (talk.mac !== asked.mac || talk.interface !== asked.interface) return true;
  if (asked.channel === 'proxy' || asked.type !== 'discover') return false;
  const over = talk.requestedAt !== null || talk.declinedAt !== null || talk.bootServerAsks > 0;
  return over || talk.architecture !== asked.architecture || asked.at - talk.lastAt > SILENCE_MS;
}

function begun(before: Talk | null, speaker: Talk['speaker'], asked: Asked): Talk {
  const { mac, mode, relay, architecture, at } = asked;
  const goesOn = before !== null && before.mac === mac && at - before.lastAt <= SILENCE_MS;
  return {
    ...{ speaker, mac, interface: asked.interface, mode, relay, architecture, firstAt: at, lastAt: at },
    ...{ discovers: 0, offers: 0, lastOfferAt: null, names: 'nothing', file: null, server: null },
    ...{ requestedAt: null, chosen: null, ackedAt: null, declinedAt: null, heardOffers: null },
    ...(goesOn && before.ackedAt === null ? { naks: before.naks, nakAt: before.nakAt } : { naks: 0, nakAt: null }),
    ...{ bootServerAsks: 0, bootServerFirstAt: null, bootServerAnswers: 0, unanswered: null },
    since: goesOn ? before.since : NOTHING_SINCE,
  };
}
