import type { Clock } from '../../foundation/clock.ts';
import type { Meter } from '../../foundation/meter.ts';

export type AdmissionOptions = {
  /** Machines that fetch a kernel or initrd at once. */
  readonly maximumTransfers: number;
  /** What all of them together may be promised in the mean. Default: no limit. */
  readonly maximumBytesPerSecond?: number;
};

export type Admitted = {
  readonly kind: 'admitted';
  /**
   * Ends the transfer.
   * @param sent how much of what was asked for really left
   * @param last the machine needs nothing after it, so that its place is free at once
   */
  end(sent: number, last?: boolean): void;
};
export type TurnedAway = {
  readonly kind: 'turned-away';
  /** For Retry-After. */
  readonly retryAfterSeconds: number;
};

export type Admission = {
  /**
   * Lets a machine in, or tells it when to ask again. Whoever was turned away holds a ticket: while tickets are out, a
   * newcomer gets only what would be left if all their holders were there.
   * @param who the machine; its further requests share its place
   * @param bytes what the answer would hold
   */
  ask(who: string, bytes: number): Admitted | TurnedAway;
  /** Machines that fetch. */
  readonly active: number;
  /** Machines that were sent away and are expected back. */
  readonly waiting: number;
};

type Ticket = { readonly number: number; dueAt: number; expiresAt: number };
type Place = { transfers: number; idleSince: number; readonly takenAt: number };

/** A machine keeps its place between kernel and initrd; boot loaders ask for the next within milliseconds. */
const BETWEEN_FILES_MS = 500;
/** Whoever does not come back so long after it was told to has given up, or was switched off. */
const GRACE_MS = 15_000;
/** To ask too early costs next to nothing; a place that nobody comes for in time costs a boot. */
const LONGEST_SECONDS = 30;
const MOST_TICKETS = 8192;
/** How long a place is taken, before any was given back: 60 MB over gigabit Ethernet. */
const FIRST_GUESS_MS = 500;

/**
 * Limits how many machines fetch big files at once, so that each that fetches is done soon and none runs into its time-out.
 * iPXE obeys Retry-After on 503 by itself (`net/tcp/httpcore.c`), which makes it a queue that costs no connection.
 */
export function createAdmission(
  { clock, meter }: { readonly clock: Clock; readonly meter: Meter },
  options: AdmissionOptions,
): Admission {
  const { maximumTransfers, maximumBytesPerSecond } = options;
  const places = new Map<string, Place>();
  /** In the order in which they were handed out. */
  const tickets = new Map<string, Ticket>();
  let nextNumber = 0;
  let meanMs = FIRST_GUESS_MS;
  /** Bytes promised and not yet paid for by time; empties at the rate allowed. */
  let debt = 0;
  let debtAt = clock.elapsed();

  function ask(who: string, bytes: number): Admitted | TurnedAway {
    const now = clock.elapsed();
    forget(now);
    const place = places.get(who);
    if (place !== undefined) return enter(who, place, bytes, now);
    const ticket = tickets.get(who);
    const ahead = ticket === undefined ? tickets.size : dueBefore(ticket, now);
    if (places.size + ahead < maximumTransfers && debtAfter(now) < 1) {
      tickets.delete(who);
      meter.count('netboot_http_admissions', { outcome: ticket === undefined ? 'at-once' : 'after-waiting' });
      const fresh: Place = { transfers: 0, idleSince: now, takenAt: now };
      places.set(who, fresh);
      return enter(who, fresh, bytes, now);
    }
    meter.count('netboot_http_admissions', { outcome: 'turned-away' });
    return turnAway(who, ticket, now);
  }

  function enter(who: string, place: Place, bytes: number, startedAt: number): Admitted {
    place.transfers += 1;
    if (maximumBytesPerSecond !== undefined) debt = debtAfter(startedAt) + bytes;
    let ended = false;
    return {
      kind: 'admitted',
      end(sent, last = false) {
        if (ended) return;
        ended = true;
        const now = clock.elapsed();
        place.transfers -= 1;
        place.idleSince = now;
        // Who broke off keeps no place: it is off, or starts anew.
        if (sent < bytes && place.transfers === 0) places.delete(who);
        else if (last && place.transfers === 0) giveBack(who, place, now);
        if (maximumBytesPerSecond !== undefined) debt = Math.max(0, debtAfter(now) - (bytes - sent));
      },
    };
  }

  function giveBack(who: string, { takenAt }: Place, now: number): void {
    places.delete(who);
    meanMs += (now - takenAt - meanMs) / 8;
  }

  function turnAway(who: string, held: Ticket | undefined, now: number): TurnedAway {
    const number = held?.number ?? nextNumber++;
    let ahead = 0;
    for (const other of tickets.values()) {
      if (other.number >= number) break;
      ahead += 1;
    }
    const rounds = Math.floor(ahead / maximumTransfers) + 1;
    const forRate = maximumBytesPerSecond === undefined ? 0 : debtAfter(now) / maximumBytesPerSecond;
    const turn = Math.max((rounds * meanMs) / 1000, forRate);
    // Those of one round come back spread over its second half and a little beyond, and over two seconds at least.
    const spread = (hashOf(who) % 1000) / 1000;
    const seconds = Math.max(1, Math.min(LONGEST_SECONDS, Math.ceil(turn * (0.75 + spread / 2) + spread)));
    const dueAt = now + seconds * 1000;
    if (held !== undefined) {
      held.dueAt = dueAt;
      held.expiresAt = dueAt + GRACE_MS;
    } else if (tickets.size < MOST_TICKETS) tickets.set(who, { number, dueAt, expiresAt: dueAt + GRACE_MS });
    return { kind: 'turned-away', retryAfterSeconds: seconds };
  }

  /** Earlier tickets whose holders may come any moment; those that were told to come later need no place kept yet. */
  function dueBefore({ number }: Ticket, now: number): number {
    let due = 0;
    for (const other of tickets.values()) {
      if (other.number >= number) break;
      if (other.dueAt <= now) due += 1;
    }
    return due;
  }

  function debtAfter(now: number): number {
    if (maximumBytesPerSecond === undefined) return 0;
    debt = Math.max(0, debt - ((now - debtAt) * maximumBytesPerSecond) / 1000);
    debtAt = now;
    return debt;
  }

  function forget(now: number): void {
    for (const [who, place] of places)
      if (place.transfers === 0 && place.idleSince + BETWEEN_FILES_MS <= now)
        giveBack(who, place, place.idleSince + BETWEEN_FILES_MS);
    for (const [who, { expiresAt }] of tickets) if (expiresAt <= now) tickets.delete(who);
  }

  return {
    ask,
    get active() {
      return places.size;
    },
    get waiting() {
      return tickets.size;
    },
  };
}

/** The same machine always gets the same share of the spread. FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193) >>> 0;
  return hash;
}
