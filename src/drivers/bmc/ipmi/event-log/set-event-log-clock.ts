import { InvalidRequestError, UnreachableError } from '../../../../foundation/errors.ts';
import { getSelTime } from '../../../../protocols/ipmi/commands/storage/get-sel-time.ts';
import { setSelTime } from '../../../../protocols/ipmi/commands/storage/set-sel-time.ts';
import { CompletionCodeError } from '../../../../protocols/ipmi/completion-code.ts';
import { epochMsToSelTimestamp, isSelTimestampOfDay } from '../../../../protocols/ipmi/sel/sel-timestamp.ts';
import type { IpmiRequester } from '../requester.ts';

/** How far a clock that was just set may be from the time it was set to: the wait for an answer that did not come. */
const SET_WITHIN_S = 30;

/**
 * Sets the clock of the event log, to the second.
 * @param at epoch milliseconds, 1987 to 2106: what the wire can hold as a time of day
 * @throws InvalidRequestError when `at` is outside of that
 * @throws UnreachableError when no answer came and the clock does not show the new time
 * @throws CompletionCodeError when refused; what the requester throws
 * @see IPMI v2.0 rev. 1.1 §31.11, §37
 */
export async function setEventLogClock(requester: IpmiRequester, at: number, signal: AbortSignal): Promise<void> {
  const timestamp = epochMsToSelTimestamp(at);
  if (!isSelTimestampOfDay(timestamp)) {
    throw new InvalidRequestError(`the event log's clock cannot be set to ${at} ms since 1970`);
  }
  const what = `${setSelTime.name} on BMC ${requester.name}`;
  const reply = await requester.once(setSelTime, { timestamp }, signal);
  if (reply.kind === 'answered') return;
  if (reply.kind === 'refused') throw new CompletionCodeError(what, reply.completionCode, setSelTime.completionCodes);
  const { timestamp: shown } = await requester.ask(getSelTime, undefined, signal);
  if (shown >= timestamp && shown - timestamp <= SET_WITHIN_S) return;
  throw new UnreachableError(`${what}: no answer, and the clock shows ${shown} instead of ${timestamp}`);
}
