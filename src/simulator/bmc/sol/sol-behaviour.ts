import { CompletionCode } from '../../../protocols/ipmi/completion-code.ts';

/** How much of some characters the controller takes. */
export type Acceptance = { readonly accepted: number; readonly nack: boolean };

/** How a controller's SOL works, and where it departs from the book. */
export type SolBehaviour = {
  readonly enabled: boolean;
  /** Payload without encryption is refused with 84h. */
  readonly encryptionRequired: boolean;
  /** Payload with encryption is refused with 83h. */
  readonly encryptionImpossible: boolean;
  /** The code for an activation with this auxiliary byte, where it is refused: Intel and others refuse some bits with CCh. */
  readonly refuseAuxiliary: (auxiliary: number) => number | undefined;
  /** Most bytes of a packet to the controller, SOL header included, as it states them. */
  readonly inboundPayloadSize: number;
  /** Most characters of a packet that it sends. */
  readonly outboundCharacters: number;
  /** The UDP port that it states; undefined for the one it listens on. */
  readonly statedPort: number | undefined;
  /** Whether Get Payload Instance Info is known; some boards refuse it. */
  readonly instanceInfo: 'answered' | 'refused';
  /** Whether the one who loses the console is told; many boards do not (FreeIPMI's list of defects, SOL #6). */
  readonly announceDeactivation: boolean;

  /** How long characters are gathered before they are sent, milliseconds. @see §26.3, parameter 3 */
  readonly accumulateMs: number;
  /** Pace of the serial line; undefined for as fast as the console takes them. */
  readonly charactersPerSecond: number | undefined;
  /** Wait for an acknowledgement, milliseconds. @see §26.3, parameter 4 */
  readonly resendMs: number;
  /** Packets sent again that often are given up, and their characters with them. */
  readonly resends: number;
  /** Whether a packet that is sent again takes along what has come meanwhile. */
  readonly extendResends: boolean;
  /** After an acknowledgement of a part: the rest under a new number, or all of it again (OpenBMC). */
  readonly partlyAcknowledged: 'rest' | 'again';
  /** Whether an acknowledgement rides on output that is ready (OpenBMC). */
  readonly piggyback: boolean;
  /** Characters kept for the console; more are dropped, and the overrun is told. */
  readonly bufferBytes: number;

  /** A packet that comes again: acknowledged again, or dropped without a word (OpenBMC). */
  readonly repeatedInput: 'acknowledged' | 'dropped';
  /** A number other than the next: taken as new, or dropped without a word (OpenBMC). */
  readonly unexpectedInput: 'taken' | 'dropped';
  /** Whether packets without characters are acknowledged; ipmi_sim stays silent, and acts on each copy of a break. */
  readonly emptyInput: 'acknowledged' | 'ignored';
  /** How much of the characters is taken. */
  readonly accept: (characters: Buffer) => Acceptance;
};

/** The book, with the timers of many boards. */
export const strictSol: SolBehaviour = {
  enabled: true,
  encryptionRequired: false,
  encryptionImpossible: false,
  refuseAuxiliary: () => undefined,
  inboundPayloadSize: 200,
  outboundCharacters: 196,
  statedPort: undefined,
  instanceInfo: 'answered',
  announceDeactivation: true,
  accumulateMs: 50,
  charactersPerSecond: undefined,
  resendMs: 500,
  resends: 20,
  extendResends: false,
  partlyAcknowledged: 'rest',
  piggyback: false,
  bufferBytes: 64 * 1024,
  repeatedInput: 'acknowledged',
  unexpectedInput: 'taken',
  emptyInput: 'acknowledged',
  accept: (characters) => ({ accepted: characters.length, nack: false }),
};

/** OpenBMC (phosphor-net-ipmid, sol_context.cpp). */
export const openBmcSol: Partial<SolBehaviour> = {
  resendMs: 100,
  resends: 7,
  partlyAcknowledged: 'again',
  piggyback: true,
  repeatedInput: 'dropped',
  unexpectedInput: 'dropped',
};

/** OpenIPMI's ipmi_sim 2.0.33 (lanserv/sol.c). */
export const ipmiSimSol: Partial<SolBehaviour> = {
  inboundPayloadSize: 32,
  outboundCharacters: 255,
  accumulateMs: 0,
  resendMs: 1_000,
  resends: 5,
  emptyInput: 'ignored',
};

/** Refuses the bits that leave the line's signals, or alerts, to be settled later. */
export function refuseAuxiliaryBits(bits: number): SolBehaviour['refuseAuxiliary'] {
  return (auxiliary) => ((auxiliary & bits) !== 0 ? CompletionCode.invalidDataField : undefined);
}
