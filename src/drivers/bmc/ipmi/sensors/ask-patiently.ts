import { DecodeError } from '../../../../foundation/errors.ts';
import type { IpmiCommand } from '../../../../protocols/ipmi/command.ts';
import { CompletionCode } from '../../../../protocols/ipmi/completion-code.ts';
import type { IpmiRequester, RequestOptions, SpokenReply } from '../requester.ts';

/** `malformed`: an answer came, and breaks its format. */
export type PatientReply<Response> = SpokenReply<Response> | { readonly kind: 'malformed' };

/** Tries of one request while the controller is busy. */
const TRIES = 3;

/** The same request may do in a moment. @see IPMI v2.0 rev. 1.1 §5.2, Table 5-2 */
const busy: ReadonlySet<number> = new Set([
  CompletionCode.nodeBusy,
  CompletionCode.repositoryInUpdateMode,
  CompletionCode.initializing,
]);

/**
 * Asks again at once while the controller is busy: of some hundred requests for one list, a few may be unlucky.
 * @throws UnreachableError when nothing comes back
 */
export async function askPatiently<Request, Response>(
  requester: IpmiRequester,
  command: IpmiCommand<Request, Response>,
  request: Request,
  signal: AbortSignal,
  options: RequestOptions = {},
): Promise<PatientReply<Response>> {
  try {
    for (let attempt = 1; ; attempt++) {
      const reply = await requester.attempt(command, request, signal, options);
      if (reply.kind === 'answered' || !busy.has(reply.completionCode) || attempt === TRIES) return reply;
    }
  } catch (error) {
    if (error instanceof DecodeError) return { kind: 'malformed' };
    throw error;
  }
}
