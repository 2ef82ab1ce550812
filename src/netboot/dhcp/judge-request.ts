import { NO_ADDRESS } from '../../protocols/dhcp/ipv4.ts';
import type { DhcpMessage } from '../../protocols/dhcp/message.ts';
import { addressOption } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';

/**
 * What a DHCPREQUEST is, by which fields are filled in.
 * @see RFC 2131 §4.3.2 and table 4 of §4.3.6
 */
export type RequestState = 'selecting' | 'init-reboot' | 'renewing' | 'naming-nothing';

export type RequestFacts = {
  readonly state: RequestState;
  /** The address meant, where one is named. */
  readonly wanted: string | undefined;
  /** Option 54, where it is there. */
  readonly chosen: string | undefined;
};

/** @throws DecodeError when option 50 or 54 has a wrong length */
export function requestFacts(message: DhcpMessage): RequestFacts {
  const chosen = addressOption(message.options, DHCP_OPTION.serverIdentifier);
  const named = addressOption(message.options, DHCP_OPTION.requestedAddress);
  // Some clients fill in both when they renew; the address that a client uses is the one that counts.
  const address = message.ciaddr !== NO_ADDRESS ? message.ciaddr : named;
  const wanted = address === NO_ADDRESS ? undefined : address;
  if (chosen !== undefined) return { state: 'selecting', wanted, chosen };
  if (wanted === undefined) return { state: 'naming-nothing', wanted, chosen };
  return { state: message.ciaddr === NO_ADDRESS ? 'init-reboot' : 'renewing', wanted, chosen };
}

export type RequestJudgement =
  | { readonly kind: 'grant'; readonly address: string }
  | { readonly kind: 'refuse'; readonly why: string }
  | { readonly kind: 'ignore'; readonly why: 'other-server-chosen' | 'no-record' | 'other-servers-client' };

/** What the lease book knows, for one client on one network. */
export type RequestRecord = {
  /** What this client has or was offered here: reserved, held or leased. */
  readonly recorded: string | undefined;
  /** The wanted address could be given to this client now. */
  readonly free: boolean;
  /** The wanted address belongs to the client's network. */
  readonly rightNetwork: boolean;
  /** The wanted address is ours to give out: in a pool, reserved, or our own. */
  readonly ours: boolean;
};

/**
 * Judges a DHCPREQUEST.
 *
 * `authority`: `all` for a declared machine in mode full, where we are the authority for whatever address it has, so
 * that a wrong one is refused at once instead of being left to time out; `own` beside another server, and for machines
 * that nobody declared, where only addresses of ours are refused and silence leaves the client to who leased to it
 * (RFC 2131 §4.3.2: without a record of the client a server must remain silent).
 *
 * A client that names no address gets what was offered, for it can get nothing else: the npm package dhcp 0.2.20 sends
 * neither option 50 nor 54 in its request.
 */
export function judgeRequest(
  { state, wanted }: RequestFacts,
  { recorded, free, rightNetwork, ours }: RequestRecord,
  authority: 'all' | 'own',
): RequestJudgement {
  if (wanted === undefined) {
    return recorded === undefined ? { kind: 'ignore', why: 'no-record' } : { kind: 'grant', address: recorded };
  }
  if (wanted === recorded) return { kind: 'grant', address: wanted };
  const refusal = {
    kind: 'refuse',
    why: recorded === undefined ? `${wanted} is not to be had` : `${wanted} is not yours, ${recorded} is`,
  } as const;
  if (recorded === undefined && free) {
    // Our record is lost, or the lease ran out, and nobody has taken the address since.
    return { kind: 'grant', address: wanted };
  }
  // It has chosen us, so nobody else will tell it.
  if (state === 'selecting') return refusal;
  if (authority === 'all') return refusal;
  if (recorded !== undefined && ours && rightNetwork) return refusal;
  return { kind: 'ignore', why: recorded === undefined ? 'no-record' : 'other-servers-client' };
}
