import type { SerialConsoleEvent } from '../../../../domain/ports/serial-console.ts';
import { nextSolSequence, SOL_SEQUENCES, type SolControllerPacket } from '../../../../protocols/ipmi/sol/sol-packet.ts';

/** What a packet brings to whoever looks at the console. */
export type SolReport = Extract<SerialConsoleEvent, { readonly kind: 'output' | 'lost' | 'break' }>;

/** What is remembered of a packet, to know it again. */
type Seen = { readonly characters: Buffer; readonly overrun: boolean; readonly breakDetected: boolean };

/** How far the controller's packets have come in. A value: the functions here return the next one. */
export type SolReceiver = {
  /** Number of the newest packet; 0 before the first. */
  readonly last: number;
  /** The latest packet of each number. */
  readonly seen: ReadonlyMap<number, Seen>;
};

export type SolReception = {
  readonly receiver: SolReceiver;
  /** Missing for packets that want none. */
  readonly acknowledge?: { readonly sequence: number; readonly acceptedCharacters: number };
  /** In order. */
  readonly reports: readonly SolReport[];
};

export const newSolReceiver: SolReceiver = { last: 0, seen: new Map() };

/** A packet this many numbers behind or less is an old one that comes late; farther is ahead, with a gap. */
const BEHIND = Math.floor(SOL_SEQUENCES / 2);

/**
 * Takes a packet in: each character is reported once, whatever is repeated. A packet that comes again may carry more
 * than before (the controller has added what came meanwhile): only the rest is new, and all of it is acknowledged,
 * since OpenBMC sends again unless the count is exactly what it sent. Skipped numbers are acknowledged as well: the
 * controller has given those packets up, and holding on to the old number would stop the console for good.
 * @see IPMI v2.0 rev. 1.1 §15.9, §15.11
 */
export function receiveSolPacket(receiver: SolReceiver, packet: SolControllerPacket): SolReception {
  const { sequence, characters } = packet;
  if (sequence === 0) return { receiver, reports: reportsOf(packet, undefined, characters) };
  const acknowledge = { sequence, acceptedCharacters: Math.min(characters.length, 0xff) };
  const { last, seen } = receiver;
  const before = seen.get(sequence);
  const known = before !== undefined && isBehind(last, sequence) ? before : undefined;
  if (known && startsWith(known.characters, characters)) {
    const reports = sequence === last ? reportsOf(packet, known, NOTHING) : [];
    return { receiver, acknowledge, reports };
  }
  const next = { last: sequence, seen: new Map(seen).set(sequence, remember(packet, known)) };
  if (sequence === last && known && startsWith(characters, known.characters)) {
    const added = characters.subarray(known.characters.length);
    return { receiver: next, acknowledge, reports: reportsOf(packet, known, added) };
  }
  const reports = reportsOf(packet, undefined, characters);
  if (last === 0 || sequence === nextSolSequence(last)) return { receiver: next, acknowledge, reports };
  return { receiver: next, acknowledge, reports: [gap(last, sequence), ...reports] };
}

const NOTHING = Buffer.alloc(0);

function isBehind(last: number, sequence: number): boolean {
  return (last - sequence + SOL_SEQUENCES) % SOL_SEQUENCES <= BEHIND;
}

function startsWith(characters: Buffer, beginning: Buffer): boolean {
  return characters.subarray(0, beginning.length).equals(beginning);
}

/** A copy: packets are views of their datagrams. Flags stay known as told once they have been. */
function remember(packet: SolControllerPacket, before: Seen | undefined): Seen {
  return {
    characters: Buffer.from(packet.characters),
    overrun: packet.overrun || (before?.overrun ?? false),
    breakDetected: packet.breakDetected || (before?.breakDetected ?? false),
  };
}

function reportsOf(packet: SolControllerPacket, before: Seen | undefined, output: Buffer): readonly SolReport[] {
  const reports: SolReport[] = [];
  if (packet.overrun && !before?.overrun) {
    reports.push({ kind: 'lost', why: 'the controller could not keep up with the machine and dropped characters' });
  }
  if (packet.breakDetected && !before?.breakDetected) reports.push({ kind: 'break' });
  if (output.length > 0) reports.push({ kind: 'output', bytes: output });
  return reports;
}

function gap(last: number, sequence: number): SolReport {
  const why =
    sequence === last
      ? `packet ${sequence} came again with other contents`
      : `packet ${sequence} came after packet ${last}: those between are missing`;
  return { kind: 'lost', why };
}
