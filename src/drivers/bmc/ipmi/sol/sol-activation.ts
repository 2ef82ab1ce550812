import { DecodeError } from '../../../../foundation/errors.ts';
import type { Log } from '../../../../foundation/log.ts';
import {
  ActivatePayloadCode,
  type ActivatePayloadResponse,
  activatePayload,
  SolActivation,
} from '../../../../protocols/ipmi/commands/application/activate-payload.ts';
import { deactivatePayload } from '../../../../protocols/ipmi/commands/application/deactivate-payload.ts';
import { CompletionCode, CompletionCodeError } from '../../../../protocols/ipmi/completion-code.ts';
import { PayloadType } from '../../../../protocols/ipmi/session-v2.ts';
import type { Reply } from '../requester.ts';
import { isSessionPort, maximumSolCharacters, SAFE_CHARACTERS } from './sol-limits.ts';
import { describeSolOwner, readSolOwner } from './sol-owner.ts';
import type { SolTransport } from './sol-transport.ts';

export type SolActivationWish = {
  /** Payload instance, 1 to 15. */
  readonly instance: number;
  /** Take it from whoever has it. */
  readonly steal: boolean;
  /** Whether that session is an earlier one of ours, which the controller has not given up yet. */
  readonly isOrphan: (sessionId: number) => boolean;
  /** A session of ours that had the console was lost a short while ago. */
  readonly recentlyOurs: boolean;
};

export type SolActivated = {
  readonly kind: 'active';
  /** Most characters of a packet to the controller. */
  readonly maximumCharacters: number;
  /** The controller asserts CTS, DCD and DSR when the console's first packet comes, and not before. */
  readonly handshakeByConsole: boolean;
};

export type SolActivationResult =
  | SolActivated
  | { readonly kind: 'occupied'; readonly why: string }
  /** `retry`: whether the same may work later. */
  | { readonly kind: 'refused'; readonly why: string; readonly retry: boolean };

/** Activations in all, whatever comes back: some boards report success, or another owner, for ever. */
const ROUNDS = 4;

/**
 * The operations bits to ask for, in this order, each after CCh for the one before: alerts put off (the Windmill family takes
 * nothing else), alerts failing (pyghmi's choice), line signals left to the console (ipmitool's; Intel refuses it).
 */
const VARIANTS: readonly number[] = [
  SolActivation.alertsDeferred,
  0,
  SolActivation.alertsDeferred | SolActivation.handshakeByConsole,
];

/**
 * Activates the console in the transport's session; takes it from another one at most once.
 * @throws UnreachableError after silence
 * @see IPMI v2.0 rev. 1.1 §24.1
 */
export async function activateSol(
  transport: SolTransport,
  wish: SolActivationWish,
  log: Log,
  signal: AbortSignal,
): Promise<SolActivationResult> {
  const what = `${activatePayload.name} on BMC ${transport.name}`;
  let taken = false;
  for (let round = 0; round < ROUNDS; round++) {
    const { reply, variant } = await tryVariants(transport, wish, signal);
    if (reply.kind === 'answered') return activated(transport, reply.response, variant, log);
    const inUse = reply.kind === 'refused' && isInUse(reply.completionCode);
    if (reply.kind === 'refused' && !inUse) return refused(what, reply.completionCode);
    const owner = await readSolOwner(transport, wish.instance, signal);
    const own = owner === transport.managedSystemSessionId;
    // The answer was lost: it is ours, and how much it takes was not heard.
    if (own && (!inUse || taken)) return activatedUnheard;
    if (!inUse) continue;
    // Left over from before, its numbers somewhere in the middle: it is given up, to begin anew.
    const orphan = own || (owner !== 'unknown' && owner !== 0 && wish.isOrphan(owner));
    if (taken || !(wish.steal || orphan)) {
      const why = `${what}: ${describeSolOwner(owner)} has it${taken ? ', although it was taken from it just now' : ''}`;
      if (owner === 'unknown' && wish.recentlyOurs) return { kind: 'refused', why: `${what}: still held`, retry: true };
      return { kind: 'occupied', why };
    }
    log.info({ bmc: transport.name, owner: describeSolOwner(owner), orphan }, 'SOL taken from another session');
    taken = true;
    await deactivateSol(transport, wish.instance, signal);
  }
  return { kind: 'refused', why: `${what}: no answer, and the console is not ours`, retry: true };
}

/**
 * Takes the console from whoever has it, with one request.
 * @returns whether the controller has answered, be it that nobody had it
 * @see IPMI v2.0 rev. 1.1 §24.2
 */
export async function deactivateSol(transport: SolTransport, instance: number, signal: AbortSignal): Promise<boolean> {
  const request = { payloadType: PayloadType.sol, instance };
  return (await transport.requester.once(deactivatePayload, request, signal)).kind !== 'silent';
}

const activatedUnheard: SolActivated = {
  kind: 'active',
  maximumCharacters: SAFE_CHARACTERS,
  handshakeByConsole: true,
};

type Tried = { readonly reply: Reply<ActivatePayloadResponse | 'cut-short'>; readonly variant: number };

async function tryVariants(transport: SolTransport, wish: SolActivationWish, signal: AbortSignal): Promise<Tried> {
  // Protected as its session is.
  const protection =
    (transport.encrypted ? SolActivation.encrypt : 0) | (transport.signed ? SolActivation.authenticate : 0);
  let tried: Tried = { reply: { kind: 'silent' }, variant: 0 };
  for (const variant of VARIANTS) {
    const request = { payloadType: PayloadType.sol, instance: wish.instance, auxiliary: protection | variant };
    try {
      tried = { reply: await transport.requester.once(activatePayload, request, signal), variant };
    } catch (error) {
      // The code said yes; only the rest is not to be read.
      if (!(error instanceof DecodeError)) throw error;
      return { reply: { kind: 'answered', response: 'cut-short' }, variant };
    }
    const { reply } = tried;
    if (reply.kind !== 'refused' || reply.completionCode !== CompletionCode.invalidDataField) break;
  }
  return tried;
}

function activated(
  transport: SolTransport,
  response: ActivatePayloadResponse | 'cut-short',
  variant: number,
  log: Log,
): SolActivated {
  const handshakeByConsole = (variant & SolActivation.handshakeByConsole) !== 0;
  if (response === 'cut-short') return { ...activatedUnheard, handshakeByConsole };
  const { inboundPayloadSize, outboundPayloadSize, udpPort } = response;
  const maximumCharacters = maximumSolCharacters(inboundPayloadSize);
  const fields = { bmc: transport.name, inboundPayloadSize, outboundPayloadSize, udpPort, maximumCharacters };
  if (isSessionPort(udpPort, transport.port)) log.debug(fields, 'SOL active');
  else log.warn(fields, 'SOL active; the controller states another port, the session stays on its own');
  return { kind: 'active', maximumCharacters, handshakeByConsole };
}

function isInUse(completionCode: number): boolean {
  return completionCode === ActivatePayloadCode.alreadyActive || completionCode === ActivatePayloadCode.limitReached;
}

const hints: Readonly<Record<number, string>> = {
  [ActivatePayloadCode.disabled]: 'enable SOL on the controller, and for this user',
  [ActivatePayloadCode.encryptionImpossible]: 'use a cipher suite without encryption, or update the firmware',
  [ActivatePayloadCode.encryptionRequired]: 'use a cipher suite with encryption, 17 or 3',
  [CompletionCode.insufficientPrivilege]: 'raise `privilege`, or lower the level that SOL asks for',
  [CompletionCode.invalidCommand]: 'the controller has no serial over LAN',
};

function refused(what: string, code: number): SolActivationResult {
  const error = new CompletionCodeError(what, code, activatePayload.completionCodes, hints[code]);
  return { kind: 'refused', why: error.message, retry: error.retry === 'retry' };
}
