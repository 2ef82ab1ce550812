import { NO_ADDRESS } from '../../protocols/dhcp/ipv4.ts';
import type { DhcpMessage } from '../../protocols/dhcp/message.ts';
import { addressOption } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';

export type RequestJudgement =
  | { readonly kind: 'grant' }
  | { readonly kind: 'refuse'; readonly why: string }
  /** Addressed to another server. */
  | { readonly kind: 'ignore'; readonly why: 'other-server-chosen' };

/**
 * Judges a DHCPREQUEST of a known machine. We are the authority for its address, so a wrong one is refused at once
 * instead of being left to time out; a client that names none gets what was offered, for it can get nothing else
 * (the npm package dhcp 0.2.20 sends neither option 50 nor 54 in its request).
 * @param assigned what we give this client
 * @throws DecodeError when option 50 or 54 has a wrong length
 * @see RFC 2131 §4.3.2: selecting, init-reboot, renewing and rebinding
 */
export function judgeRequest(message: DhcpMessage, server: string, assigned: string): RequestJudgement {
  const chosen = addressOption(message.options, DHCP_OPTION.serverIdentifier);
  if (chosen !== undefined && chosen !== server) return { kind: 'ignore', why: 'other-server-chosen' };
  const named = addressOption(message.options, DHCP_OPTION.requestedAddress);
  const wanted = message.ciaddr !== NO_ADDRESS ? message.ciaddr : named;
  if (wanted === undefined || wanted === NO_ADDRESS || wanted === assigned) return { kind: 'grant' };
  return { kind: 'refuse', why: `${wanted} is not yours, ${assigned} is` };
}
