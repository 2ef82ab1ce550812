import { DecodeError } from '../../../foundation/errors.ts';
import type { IpmiCommand } from '../../../protocols/ipmi/command.ts';
import type { IpmiRequester, RequestOptions } from './requester.ts';

/**
 * Asks for a part of a larger report: a controller that refuses it, with whatever code, or answers nonsense does not
 * have it. Boards choose freely between C1h, CCh, CBh, D4h, D5h and FFh for what they lack.
 * @returns null for what is not there
 * @throws UnreachableError when nothing comes back, as `attempt` does: then the whole report has failed
 */
export async function ifThere<Request, Response>(
  requester: IpmiRequester,
  command: IpmiCommand<Request, Response>,
  request: Request,
  signal: AbortSignal,
  options: RequestOptions = {},
): Promise<Response | null> {
  try {
    const reply = await requester.attempt(command, request, signal, options);
    return reply.kind === 'answered' ? reply.response : null;
  } catch (error) {
    // A malformed answer to an optional question is as good as none.
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
