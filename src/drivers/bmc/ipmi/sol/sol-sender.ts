import {
  EMPTY_CONSOLE_PACKET,
  nextSolSequence,
  type SolConsolePacket,
  type SolControllerPacket,
} from '../../../../protocols/ipmi/sol/sol-packet.ts';

export type SolInput = { readonly kind: 'characters'; readonly bytes: Buffer } | { readonly kind: 'break' };

/** The one packet that is not acknowledged yet. */
type InFlight = {
  /** `probe`: empty, to learn whether the packet before, `doubtful`, arrived although it was never acknowledged. */
  readonly kind: 'characters' | 'break' | 'probe';
  readonly sequence: number;
  readonly characters: Buffer;
  readonly doubtful?: { readonly sequence: number; readonly characters: Buffer };
  /** Of a probe: the how-manieth it is. Its own acknowledgement may be lost too, and is never repeated either. */
  readonly probes?: number;
  readonly transmissions: number;
  /** Transmissions since the controller answered a command; missing while it has not since the first of them. */
  readonly sinceAnswer?: number;
};

/** The controller takes nothing at present. */
type Pause = {
  /** The packet that it said so of, and how much of it had been taken. */
  readonly sequence: number;
  readonly accepted: number;
  /** How many characters of that packet are in the queue again. */
  readonly returned: number;
};

/**
 * Our half of stop-and-wait: one packet on its way, the rest in a queue. A value: the functions here return the next
 * one, and what to send. Progress is counted in units: a character is one, a break is one.
 * @see IPMI v2.0 rev. 1.1 §15.9, §15.11
 */
export type SolSender = {
  /** Most characters of one packet. */
  readonly maximumCharacters: number;
  /** The number given out last; 0 at first. */
  readonly lastSequence: number;
  readonly queue: readonly SolInput[];
  readonly inFlight?: InFlight;
  readonly pause?: Pause;
  /** Pauses in a row in which nothing was taken. */
  readonly pauses: number;
  /** Units put in since the beginning. */
  readonly entered: number;
  /** Units that the controller has taken since the beginning, in order. */
  readonly taken: number;
};

export type SolSending = { readonly sender: SolSender; readonly packet?: SolConsolePacket };

/** What a wait without an answer leads to; `check`: ask the controller anything, to tell a deaf SOL from a dead path. */
export type SolOverdue = SolSending & { readonly check: boolean; readonly dead: boolean };

/** Transmissions before the path is checked. */
const UNCHECKED = 4;
/** Further ones, once the path is known to work, before the number is given up: with 20 % loss each way, all are lost once in 200,000. */
const PATIENCE = 8;
/** Copies of one probe, and probes in a row, before the console counts as dead. */
const PROBE_COPIES = 6;
const MOST_PROBES = 6;
/** ipmi_sim acts on each copy of a break and acknowledges none (OpenIPMI 2.0.33): few copies, then it counts as sent. */
const BREAK_TRANSMISSIONS = 3;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 1_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
/** Keystrokes are gathered into pieces of up to this many bytes. */
const PIECE_BYTES = 1_024;

export function newSolSender(maximumCharacters: number): SolSender {
  return { maximumCharacters, lastSequence: 0, queue: [], pauses: 0, entered: 0, taken: 0 };
}

/** @param input its bytes are kept, not copied */
export function enterSolInput(sender: SolSender, input: SolInput): SolSender {
  const tail = sender.queue.at(-1);
  const units = input.kind === 'break' ? 1 : input.bytes.length;
  const joined =
    tail?.kind === 'characters' && input.kind === 'characters' && tail.bytes.length + units <= PIECE_BYTES
      ? [...sender.queue.slice(0, -1), charactersInput(Buffer.concat([tail.bytes, input.bytes]))]
      : [...sender.queue, input];
  return { ...sender, queue: joined, entered: sender.entered + units };
}

/** The next packet, when there is something to send and nothing stands in its way. */
export function nextSolPacket(sender: SolSender): SolSending {
  const first = sender.queue[0];
  if (first === undefined || sender.inFlight || sender.pause) return { sender };
  const sequence = nextSolSequence(sender.lastSequence);
  if (first.kind === 'break') {
    const inFlight: InFlight = { kind: 'break', sequence, characters: NOTHING, transmissions: 1 };
    return sending({ ...sender, lastSequence: sequence, queue: sender.queue.slice(1), inFlight }, inFlight);
  }
  const { characters, queue } = takeCharacters(sender.queue, sender.maximumCharacters);
  const inFlight: InFlight = { kind: 'characters', sequence, characters, transmissions: 1 };
  return sending({ ...sender, lastSequence: sequence, queue, inFlight }, inFlight);
}

/**
 * Takes in what a packet of the controller says of ours. What was not taken goes out under a new number: at once, or
 * after a pause when the controller said NACK or took nothing at all.
 */
export function acknowledgeSol(sender: SolSender, packet: SolControllerPacket): SolSender {
  const { inFlight, pause } = sender;
  const { acknowledgedSequence, acceptedCharacters, nack } = packet;
  if (inFlight === undefined) {
    return pause && acknowledgedSequence === pause.sequence ? resumed(sender, pause, packet) : sender;
  }
  if (inFlight.doubtful && acknowledgedSequence === inFlight.doubtful.sequence) {
    // It arrived after all; the probe stays out, since its number may have been used up.
    const { characters } = inFlight.doubtful;
    const accepted = Math.min(acceptedCharacters, characters.length);
    const { doubtful: _, ...probe } = inFlight;
    return { ...returned(sender, characters.subarray(accepted), accepted), inFlight: probe };
  }
  if (acknowledgedSequence !== inFlight.sequence && !isUnnamedNack(packet)) return sender;
  const { inFlight: _, ...idle } = sender;
  switch (inFlight.kind) {
    case 'break':
      return { ...idle, taken: sender.taken + 1 };
    case 'probe':
      return { ...idle, taken: sender.taken + (inFlight.doubtful?.characters.length ?? 0) };
    case 'characters': {
      const accepted =
        acknowledgedSequence === inFlight.sequence ? Math.min(acceptedCharacters, inFlight.characters.length) : 0;
      const rest = inFlight.characters.subarray(accepted);
      const next = returned(idle, rest, accepted);
      if (rest.length === 0 || (accepted > 0 && !nack)) return next;
      return {
        ...next,
        pauses: next.pauses + 1,
        pause: { sequence: inFlight.sequence, accepted, returned: rest.length },
      };
    }
  }
}

/** How long to wait for the controller before {@link solOverdue}, milliseconds; undefined when nothing is awaited. */
export function solWaitMs(sender: SolSender): number | undefined {
  if (sender.inFlight) {
    const { transmissions, sinceAnswer } = sender.inFlight;
    // No need to spare a path that works.
    if (sinceAnswer !== undefined) return FIRST_WAIT_MS;
    return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 1.5 ** (transmissions - 1));
  }
  if (sender.pause) return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (sender.pauses - 1));
  return undefined;
}

/**
 * The wait is over: sends the same packet again, byte for byte under its number, or tries anew after a pause. When the
 * controller answers commands and still not this packet, an empty one under the next number finds out whether it
 * had arrived: OpenBMC drops a repeated packet without a word (phosphor-net-ipmid, sol_context.cpp), so that a lost
 * acknowledgement would otherwise hang the console.
 */
export function solOverdue(sender: SolSender): SolOverdue {
  const { inFlight, pause: _, ...idle } = sender;
  if (inFlight === undefined) return { ...nextSolPacket(idle), check: false, dead: false };
  if (inFlight.kind === 'break' && inFlight.transmissions >= BREAK_TRANSMISSIONS) {
    return { ...nextSolPacket({ ...idle, taken: sender.taken + 1 }), check: false, dead: false };
  }
  const transmissions = inFlight.transmissions + 1;
  if (inFlight.sinceAnswer === undefined) {
    const check = inFlight.transmissions === UNCHECKED;
    return { ...sending(idle, { ...inFlight, transmissions }), check, dead: false };
  }
  if (inFlight.sinceAnswer < (inFlight.kind === 'probe' ? PROBE_COPIES : PATIENCE)) {
    const again = { ...inFlight, transmissions, sinceAnswer: inFlight.sinceAnswer + 1 };
    return { ...sending(idle, again), check: false, dead: false };
  }
  const probes = (inFlight.probes ?? 0) + 1;
  if (probes > MOST_PROBES) return { sender, check: false, dead: true };
  const sequence = nextSolSequence(sender.lastSequence);
  const { characters } = inFlight;
  const doubtful = inFlight.kind === 'probe' ? inFlight.doubtful : { sequence: inFlight.sequence, characters };
  const probe: InFlight = {
    kind: 'probe',
    sequence,
    characters: NOTHING,
    ...(doubtful ? { doubtful } : {}),
    probes,
    transmissions: 1,
    sinceAnswer: 1,
  };
  return { ...sending({ ...idle, lastSequence: sequence }, probe), check: false, dead: false };
}

/** The controller has answered a command that was sent after {@link solOverdue} asked for it. */
export function solPathWorks(sender: SolSender): SolSender {
  const { inFlight } = sender;
  if (inFlight === undefined || inFlight.sinceAnswer !== undefined || inFlight.transmissions <= UNCHECKED)
    return sender;
  return { ...sender, inFlight: { ...inFlight, sinceAnswer: 0 } };
}

const NOTHING = Buffer.alloc(0);

/**
 * A refusal that does not say of what: OpenBMC's, when it cannot write to the machine's line. Of an answer of its
 * own only: ipmi_sim sets the bit in output packets while its buffer is full, whatever became of ours.
 */
function isUnnamedNack(packet: SolControllerPacket): boolean {
  return packet.nack && packet.acknowledgedSequence === 0 && packet.sequence === 0;
}

/** The controller speaks of the packet that it refused: more of it may have been taken, and the pause may be over. */
function resumed(sender: SolSender, pause: Pause, packet: SolControllerPacket): SolSender {
  const more = Math.min(Math.max(0, packet.acceptedCharacters - pause.accepted), pause.returned);
  const { pause: _, ...idle } = { ...sender, taken: sender.taken + more, queue: dropCharacters(sender.queue, more) };
  if (!packet.nack) return idle;
  return {
    ...idle,
    pause: { ...pause, accepted: pause.accepted + more, returned: pause.returned - more },
  };
}

/** The rest of a packet goes back to the head of the queue. */
function returned(sender: SolSender, rest: Buffer, accepted: number): SolSender {
  const queue = rest.length === 0 ? sender.queue : [charactersInput(rest), ...sender.queue];
  return { ...sender, queue, taken: sender.taken + accepted, pauses: accepted > 0 ? 0 : sender.pauses };
}

function sending(sender: SolSender, inFlight: InFlight): SolSending {
  const { sequence, characters, kind } = inFlight;
  const packet = { ...EMPTY_CONSOLE_PACKET, sequence, characters, generateBreak: kind === 'break' };
  return { sender: { ...sender, inFlight }, packet };
}

/** Up to `maximum` characters from the head of the queue, up to the next break. */
function takeCharacters(
  queue: readonly SolInput[],
  maximum: number,
): { readonly characters: Buffer; readonly queue: readonly SolInput[] } {
  const taken: Buffer[] = [];
  let room = maximum;
  for (const input of queue) {
    if (input.kind === 'break' || room === 0) break;
    const piece = input.bytes.subarray(0, room);
    taken.push(piece);
    room -= piece.length;
  }
  const characters = Buffer.concat(taken);
  return { characters, queue: dropCharacters(queue, characters.length) };
}

function dropCharacters(queue: readonly SolInput[], count: number): readonly SolInput[] {
  let left = count;
  let index = 0;
  for (; index < queue.length; index++) {
    const input = queue[index];
    if (input?.kind !== 'characters' || input.bytes.length > left) break;
    left -= input.bytes.length;
  }
  const head = queue[index];
  if (left === 0 || head?.kind !== 'characters') return queue.slice(index);
  return [charactersInput(head.bytes.subarray(left)), ...queue.slice(index + 1)];
}

function charactersInput(bytes: Buffer): SolInput {
  return { kind: 'characters', bytes };
}
