import {
  afterAsked,
  afterLoaderFetched,
  afterOffered,
  afterScriptFetched,
  type BootTrail,
  experienceOf,
  NO_TRAIL,
} from '../domain/boot/boot-trail.ts';
import { GRUB_CONFIG_NAME } from '../domain/boot/grub-names.ts';
import type { BootAnswer, BootHistory, BootRequest } from '../domain/boot-policy.ts';
import type { NewEvent } from '../domain/event.ts';
import type { LoaderHangs, LoaderMemory, ProvenLoader } from '../domain/ports/loader-memory.ts';
import type { BootAttempt } from '../domain/ports/netboot.ts';
import type { Clock } from '../foundation/clock.ts';
import { errorText } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import { SCRIPT_NAME } from './boot-urls.ts';
import type { Sightings } from './sightings.ts';

export type BootProgressDeps = { readonly memory: LoaderMemory; readonly clock: Clock; readonly log: Log };

export type BootProgressOptions = {
  /**
   * How long a fetched loader may take to its script before the next offer names another one, milliseconds. Default
   * 60 000: iPXE waits up to 19 s for router advertisements, and longer for a switch port that spanning tree still blocks.
   */
  readonly patienceMs?: number;
  /** Network cards remembered at once; the one not seen for longest goes first. Default 4096. */
  readonly maximumCards?: number;
  /** How long a card is remembered that asks no more, milliseconds. Default a day. */
  readonly rememberMs?: number;
};

/** How far each network card's boot came, for the policy: hops, hung loaders, the loader that works. */
export type BootProgress = LoaderHangs & {
  /** Takes note of a request for something to boot, and tells what was seen before it. */
  asked(
    mac: string,
    request: BootRequest,
    architecture: number,
    attempt: BootAttempt | undefined,
  ): Promise<BootHistory>;
  offered(mac: string, machineId: string, answer: BootAnswer): void;
  /** The same sightings, seen by the progress too: fetches are reported there. */
  watching(sightings: Sightings): Sightings;
};

type Card = { readonly trail: BootTrail; readonly machineId: string | null; readonly seenAt: number };

const ONE_DAY_MS = 86_400_000;

/** Keeps the trails of `domain/boot/boot-trail.ts`, in memory; which loader worked is in the store. */
export function createBootProgress(deps: BootProgressDeps, options: BootProgressOptions = {}): BootProgress {
  const { memory, clock, log } = deps;
  const { patienceMs = 60_000, maximumCards = 4096, rememberMs = ONE_DAY_MS } = options;
  const cards = new Map<string, Card>();
  /** TFTP and HTTP know the machine, not the card: these are its cards, the one that was offered something last at the end. */
  const cardsOf = new Map<string, readonly string[]>();

  function trailOf(mac: string): BootTrail {
    const card = cards.get(mac);
    return card === undefined || clock.now() - card.seenAt > rememberMs ? NO_TRAIL : card.trail;
  }

  function keep(mac: string, trail: BootTrail, machineId: string | null): void {
    cards.delete(mac);
    cards.set(mac, { trail, machineId, seenAt: clock.now() });
    // Maps keep the order of insertion, so the first is the one not seen for longest.
    const [oldest] = cards.size > maximumCards ? cards : [];
    if (oldest === undefined) return;
    const [gone, { machineId: owner }] = oldest;
    cards.delete(gone);
    if (owner !== null) attribute(owner, (others) => others.filter((other) => other !== gone));
  }

  function attribute(machineId: string, change: (macs: readonly string[]) => readonly string[]): void {
    const macs = change(cardsOf.get(machineId) ?? []);
    if (macs.length === 0) cardsOf.delete(machineId);
    else cardsOf.set(machineId, macs);
  }

  async function known(mac: string): Promise<readonly ProvenLoader[]> {
    try {
      return await memory.ofMac(mac);
    } catch (error) {
      // A machine boots without this; the first loader of the list is right for most.
      log.error({ mac, error: errorText(error) }, 'what loader has worked could not be read');
      return [];
    }
  }

  function saw(machineId: string, { type, data }: NewEvent): void {
    const macs = cardsOf.get(machineId);
    if (macs === undefined || (type !== 'file.served' && type !== 'file.refused')) return;
    // Refused or not, whoever asks for the script by HTTP runs a loader that works: a local disk may be entered by a 404. So
    // does GRUB that asks for its configuration.
    if ((data.name === SCRIPT_NAME && data.protocol === 'http') || data.name === GRUB_CONFIG_NAME) {
      // iPXE may have gone on by another card than the one whose firmware loaded it.
      for (const mac of macs)
        if (mac === macs.at(-1) || trailOf(mac).out?.fetchedAt != null) cameToScript(mac, machineId);
      return;
    }
    if (type === 'file.refused') return;
    const mac = macs.findLast((each) => trailOf(each).out?.loader === data.name);
    if (mac !== undefined) keep(mac, afterLoaderFetched(trailOf(mac), clock.now()), machineId);
  }

  function cameToScript(mac: string, machineId: string): void {
    const trail = trailOf(mac);
    if (trail.out !== null) remember(mac, trail.out);
    keep(mac, afterScriptFetched(trail), machineId);
  }

  function remember(mac: string, { loader, architecture }: { loader: string; architecture: number }): void {
    const proven = { mac, architecture, loader, provenAt: clock.now() };
    memory.remember(proven).catch((error: unknown) => {
      log.error({ ...proven, error: errorText(error) }, 'what loader has worked could not be written');
    });
  }

  return {
    async asked(mac, request, architecture, attempt) {
      const proven = attempt !== undefined && needsLoader(request) ? await known(mac) : [];
      const before = trailOf(mac);
      const ask = { attempt: attempt?.token ?? null, loader: request.loader, architecture, now: clock.now() };
      // A request goes on with what its DISCOVER began; so does iPXE that asks over IPv6, beside or after it asked over IPv4.
      const begins = request.messageType === 'discover' && !(request.channel === 'dhcpv6' && request.loader === 'ipxe');
      const trail = begins ? afterAsked(before, ask, patienceMs) : before;
      if (trail !== before) keep(mac, trail, cards.get(mac)?.machineId ?? null);
      return {
        hops: trail.hops,
        replaced: trail.replaced,
        experience: (of) => experienceOf(trail, of, proven.find((each) => each.architecture === of)?.loader),
      };
    },
    offered(mac, machineId, answer) {
      attribute(machineId, (macs) => [...macs.filter((other) => other !== mac), mac]);
      const trail = trailOf(mac);
      if (answer.kind !== 'loader') return keep(mac, trail, machineId);
      const { name, architecture, replaces } = answer;
      keep(mac, afterOffered(trail, { loader: name, architecture, replaces, now: clock.now() }, patienceMs), machineId);
    },
    hungOf: (mac) =>
      [...trailOf(mac).failed]
        .filter(([, loaders]) => loaders.length > 0)
        .map(([architecture, loaders]) => ({ architecture, loaders })),
    forget(macs) {
      for (const mac of macs) {
        const card = cards.get(mac);
        // Hops stay: they are of this attempt, and keep a loop from going on.
        if (card !== undefined) cards.set(mac, { ...card, trail: { ...card.trail, failed: new Map(), out: null } });
      }
    },
    watching(sightings) {
      return {
        ...sightings,
        saw(machineId, event) {
          saw(machineId, event);
          sightings.saw(machineId, event);
        },
      };
    },
  };
}

function needsLoader({ loader, features }: BootRequest): boolean {
  return loader === 'firmware' || (features !== null && !(features.http && features.kernel));
}

/** A memory that ends with the process, where there is no store. */
export function createForgetfulLoaderMemory(): LoaderMemory {
  const known = new Map<string, ProvenLoader>();
  return {
    ofMac: async (mac) => [...known.values()].filter((each) => each.mac === mac),
    async remember(proven) {
      known.set(`${proven.mac} ${proven.architecture}`, proven);
    },
    async forget(macs) {
      for (const [key, { mac }] of known) if (macs.includes(mac)) known.delete(key);
    },
  };
}
