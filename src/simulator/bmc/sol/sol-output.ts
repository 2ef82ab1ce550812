import type { Clock } from '../../../foundation/clock.ts';
import {
  EMPTY_CONTROLLER_PACKET,
  nextSolSequence,
  type SolConsolePacket,
  type SolControllerPacket,
} from '../../../protocols/ipmi/sol/sol-packet.ts';
import type { SerialOutput } from './serial-line.ts';
import type { SolBehaviour } from './sol-behaviour.ts';

/** What an answer to a console's packet says of it. */
export type Acknowledgement = Pick<SolControllerPacket, 'acknowledgedSequence' | 'acceptedCharacters' | 'nack'>;

/** The controller's half of stop-and-wait: the machine's output on its way to the console, for one activation. */
export type SolOutput = {
  put(output: SerialOutput): void;
  /** What a packet of the console says of ours. */
  acknowledged(packet: SolConsolePacket): void;
  /** Sends an answer, alone or with output that is ready. */
  answer(acknowledgement: Acknowledgement): void;
};

type InFlight = { readonly packet: SolControllerPacket; readonly resends: number };

/** @param signal ends the activation and every timer in it @see IPMI v2.0 rev. 1.1 §15.9, §15.11 */
export function createSolOutput(
  clock: Clock,
  behaviour: SolBehaviour,
  send: (packet: SolControllerPacket) => void,
  signal: AbortSignal,
): SolOutput {
  let waiting: Buffer = Buffer.alloc(0);
  let overrun = false;
  let breakDetected = false;
  let sequence = 0;
  let inFlight: InFlight | undefined;
  let gathering = false;

  const later = (ms: number, work: () => void): void => {
    const over = (): void => undefined;
    clock.sleep(ms, signal).then(work, over);
  };

  function take(room: number): Buffer {
    const taken = waiting.subarray(0, room);
    waiting = waiting.subarray(taken.length);
    return taken;
  }

  function transmit(packet: SolControllerPacket, resends: number): void {
    const mine: InFlight = { packet, resends };
    inFlight = mine;
    send(packet);
    later(behaviour.resendMs, () => {
      if (inFlight === mine) resend();
    });
  }

  /** A new packet with what is ready, and the answer it carries. */
  function transmitNext(acknowledgement: Partial<Acknowledgement>): void {
    sequence = nextSolSequence(sequence);
    const characters = take(behaviour.outboundCharacters);
    const packet = { ...EMPTY_CONTROLLER_PACKET, ...acknowledgement, sequence, characters, overrun, breakDetected };
    overrun = false;
    breakDetected = false;
    transmit(packet, 0);
  }

  function resend(): void {
    if (inFlight === undefined) return;
    const { packet, resends } = inFlight;
    if (resends >= behaviour.resends) {
      inFlight = undefined;
      gather();
      return;
    }
    const { characters } = packet;
    const added = behaviour.extendResends ? take(behaviour.outboundCharacters - characters.length) : Buffer.alloc(0);
    transmit({ ...packet, characters: Buffer.concat([characters, added]) }, resends + 1);
  }

  function isReady(): boolean {
    return inFlight === undefined && (waiting.length > 0 || overrun || breakDetected);
  }

  /** Waits for more to come, as long as the pace of the line and the accumulate interval say, then sends. */
  function gather(): void {
    if (gathering || !isReady()) return;
    gathering = true;
    const { accumulateMs, charactersPerSecond, outboundCharacters } = behaviour;
    const paceMs =
      charactersPerSecond === undefined
        ? 0
        : (Math.min(waiting.length, outboundCharacters) * 1_000) / charactersPerSecond;
    later(Math.max(accumulateMs, paceMs), () => {
      gathering = false;
      if (isReady()) transmitNext({});
    });
  }

  return {
    put(output) {
      if (output.kind === 'break') breakDetected = true;
      else {
        const room = behaviour.bufferBytes - waiting.length;
        if (output.bytes.length > room) overrun = true;
        waiting = Buffer.concat([waiting, output.bytes.subarray(0, room)]);
      }
      gather();
    },
    acknowledged({ acknowledgedSequence, acceptedCharacters, nack, flushOutbound }) {
      if (flushOutbound) waiting = Buffer.alloc(0);
      if (inFlight === undefined || acknowledgedSequence !== inFlight.packet.sequence) return;
      const { characters } = inFlight.packet;
      const rest = characters.subarray(Math.min(acceptedCharacters, characters.length));
      // Refused: the resend timer tries again.
      if (nack) return;
      if (rest.length > 0 && behaviour.partlyAcknowledged === 'again') return resend();
      waiting = Buffer.concat([rest, waiting]);
      inFlight = undefined;
      if (rest.length > 0) transmitNext({});
      else gather();
    },
    answer(acknowledgement) {
      if (behaviour.piggyback && isReady()) transmitNext(acknowledgement);
      else send({ ...EMPTY_CONTROLLER_PACKET, ...acknowledgement });
    },
  };
}
