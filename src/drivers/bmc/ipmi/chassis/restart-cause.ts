import {
  type GetSystemRestartCauseResponse,
  getSystemRestartCause,
} from '../../../../protocols/ipmi/commands/chassis/get-system-restart-cause.ts';
import { ifThere } from '../if-there.ts';
import type { IpmiRequester } from '../requester.ts';

/**
 * Why the system last restarted.
 * @returns null where the controller does not tell
 * @see IPMI v2.0 rev. 1.1 §28.11
 */
export function readRestartCause(
  requester: IpmiRequester,
  signal: AbortSignal,
): Promise<GetSystemRestartCauseResponse | null> {
  return ifThere(requester, getSystemRestartCause, undefined, signal);
}
