import { DecodeError } from '../../../../foundation/errors.ts';
import { getPayloadInstanceInfo } from '../../../../protocols/ipmi/commands/application/get-payload-instance-info.ts';
import { PayloadType } from '../../../../protocols/ipmi/session-v2.ts';
import type { SolTransport } from './sol-transport.ts';

/** The controller's id of the session that has the console; 0: nobody; `unknown`: it does not tell. */
export type SolOwner = number | 'unknown';

/**
 * Asks who has the console. One question keeps the session alive and finds a thief, of whom many controllers say
 * nothing by themselves (FreeIPMI's list of defects, SOL #6).
 * @throws UnreachableError after silence
 * @see IPMI v2.0 rev. 1.1 §24.5
 */
export async function readSolOwner(transport: SolTransport, instance: number, signal: AbortSignal): Promise<SolOwner> {
  const request = { payloadType: PayloadType.sol, instance };
  try {
    const reply = await transport.requester.attempt(getPayloadInstanceInfo, request, signal);
    return reply.kind === 'answered' ? reply.response.sessionId : 'unknown';
  } catch (error) {
    if (error instanceof DecodeError) return 'unknown';
    throw error;
  }
}

/** "session 4A3B2C1Dh". */
export function describeSolOwner(owner: SolOwner): string {
  if (owner === 'unknown') return 'a session that the controller does not name';
  return owner === 0 ? 'no session' : `session ${owner.toString(16).toUpperCase().padStart(8, '0')}h`;
}
