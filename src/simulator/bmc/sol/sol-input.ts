import { nextSolSequence, type SolConsolePacket } from '../../../protocols/ipmi/sol/sol-packet.ts';
import type { SerialLine } from './serial-line.ts';
import type { SolBehaviour } from './sol-behaviour.ts';
import type { Acknowledgement } from './sol-output.ts';

/** What the console sends, on its way to the machine, for one activation. */
export type SolInput = {
  receive(packet: SolConsolePacket): void;
  /** Takes a refusal back. */
  resume(): void;
};

/** @see IPMI v2.0 rev. 1.1 §15.9, §15.11 */
export function createSolInput(
  behaviour: SolBehaviour,
  line: SerialLine,
  answer: (acknowledgement: Acknowledgement) => void,
): SolInput {
  let last: Acknowledgement = { acknowledgedSequence: 0, acceptedCharacters: 0, nack: false };

  return {
    receive({ sequence, characters, generateBreak }) {
      if (sequence === 0) return;
      if (sequence === last.acknowledgedSequence) {
        if (behaviour.repeatedInput === 'acknowledged') answer(last);
        return;
      }
      const expected = nextSolSequence(last.acknowledgedSequence);
      if (sequence !== expected && behaviour.unexpectedInput === 'dropped') return;
      if (generateBreak) line.break();
      if (characters.length === 0 && behaviour.emptyInput === 'ignored') return;
      const { accepted, nack } =
        characters.length === 0 ? { accepted: 0, nack: false } : behaviour.accept(Buffer.from(characters));
      if (accepted > 0) line.input(Buffer.from(characters.subarray(0, accepted)));
      last = { acknowledgedSequence: sequence, acceptedCharacters: accepted, nack };
      answer(last);
    },
    resume() {
      last = { ...last, nack: false };
      answer(last);
    },
  };
}
