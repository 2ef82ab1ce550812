import { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { Clock } from '../../../foundation/clock.ts';
import {
  ActivatePayloadCode,
  type ActivatePayloadRequest,
  SolActivation,
} from '../../../protocols/ipmi/commands/application/activate-payload.ts';
import { DeactivatePayloadCode } from '../../../protocols/ipmi/commands/application/deactivate-payload.ts';
import { CompletionCode } from '../../../protocols/ipmi/completion-code.ts';
import {
  decodeSolConsolePacket,
  EMPTY_CONTROLLER_PACKET,
  encodeSolControllerPacket,
  type SolControllerPacket,
} from '../../../protocols/ipmi/sol/sol-packet.ts';
import type { SerialLine } from './serial-line.ts';
import { type SolBehaviour, strictSol } from './sol-behaviour.ts';
import { createSolInput, type SolInput } from './sol-input.ts';
import { createSolOutput, type SolOutput } from './sol-output.ts';

/** The serial console of one simulated BMC: one instance, which one session has at a time. */
export type SolServer = {
  readonly behaviour: SolBehaviour;
  /** The UDP port that it states. */
  port(): number;
  /** The session that has the console; 0: none. */
  owner(): number;
  /** @returns a completion code */
  activate(sessionId: number, request: ActivatePayloadRequest): number;
  /** For any session, whoever has the console. @returns a completion code */
  deactivate(instance: number): number;
  /** A SOL packet of a session; left alone when it does not have the console. @throws DecodeError when it is none */
  receive(sessionId: number, payload: Buffer): void;
  /** A session is over, and with it its console. */
  sessionEnded(sessionId: number): void;
  /** Tells the console that what was refused may come again. */
  resume(): void;
  /** Activations that succeeded so far. */
  readonly activations: number;
  /** Packets received so far, copies included. */
  readonly received: number;
};

/** The one instance. */
export const SOL_INSTANCE = 1;

type Activation = {
  readonly sessionId: number;
  readonly output: SolOutput;
  readonly input: SolInput;
  readonly send: (packet: SolControllerPacket) => void;
  readonly end: () => void;
};

/**
 * @param deps `send` carries a SOL payload to the console of that session
 * @param signal ends everything
 * @see IPMI v2.0 rev. 1.1 §15, §24
 */
export function createSolServer(
  deps: {
    readonly clock: Clock;
    readonly line: SerialLine;
    readonly send: (sessionId: number, payload: Buffer) => void;
    /** The UDP port that the controller listens on. */
    readonly port: () => number;
  },
  options: Partial<SolBehaviour>,
  signal: AbortSignal,
): SolServer {
  const { clock, line } = deps;
  const behaviour: SolBehaviour = { ...strictSol, ...options };
  let active: Activation | undefined;
  let activations = 0;
  let received = 0;

  function begin(sessionId: number): Activation {
    const over = new AbortController();
    const send = (packet: SolControllerPacket): void => deps.send(sessionId, encodeSolControllerPacket(packet));
    const output = createSolOutput(clock, behaviour, send, AbortSignal.any([signal, over.signal]));
    const listening = line.onOutput(output.put);
    return {
      sessionId,
      output,
      input: createSolInput(behaviour, line, output.answer),
      send,
      end() {
        listening[Symbol.dispose]();
        over.abort();
        active = undefined;
      },
    };
  }

  return {
    behaviour,
    port: () => behaviour.statedPort ?? deps.port(),
    owner: () => active?.sessionId ?? 0,
    activate(sessionId, { instance, auxiliary }) {
      const encrypt = (auxiliary & SolActivation.encrypt) !== 0;
      if (!behaviour.enabled) return ActivatePayloadCode.disabled;
      if (instance !== SOL_INSTANCE) return CompletionCode.invalidDataField;
      const refusal = behaviour.refuseAuxiliary(auxiliary);
      if (refusal !== undefined) return refusal;
      if (active) return ActivatePayloadCode.alreadyActive;
      if (encrypt && behaviour.encryptionImpossible) return ActivatePayloadCode.encryptionImpossible;
      if (!encrypt && behaviour.encryptionRequired) return ActivatePayloadCode.encryptionRequired;
      active = begin(sessionId);
      activations++;
      return CompletionCode.ok;
    },
    deactivate(instance) {
      if (instance !== SOL_INSTANCE) return CompletionCode.invalidDataField;
      if (active === undefined) return DeactivatePayloadCode.alreadyDeactivated;
      if (behaviour.announceDeactivation) active.send({ ...EMPTY_CONTROLLER_PACKET, deactivated: true });
      active.end();
      return CompletionCode.ok;
    },
    receive(sessionId, payload) {
      const packet = decodeSolConsolePacket(new ByteReader(payload));
      if (active?.sessionId !== sessionId) return;
      received++;
      active.output.acknowledged(packet);
      active.input.receive(packet);
    },
    sessionEnded(sessionId) {
      if (active?.sessionId === sessionId) active.end();
    },
    resume: () => active?.input.resume(),
    get activations() {
      return activations;
    },
    get received() {
      return received;
    },
  };
}
