/** A DHCP option that an operator sets by number, for what no field of ours has a word for. */
export type RawDhcpOption = { readonly code: number } & (
  | { readonly hex: string }
  | { readonly text: string }
  | { readonly addresses: readonly string[] }
);

/**
 * Options that belong to the protocol itself; a value of the operator's there would break the exchange: pad and end,
 * address, lease, overload, message type, server, sizes, timers, client and relay identities.
 * @see RFC 2132 §9; RFC 3046
 */
export const PROTOCOL_OPTIONS: readonly number[] = [0, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 61, 82, 118, 255];

/** What is wrong with a raw option, or undefined. */
export function rawOptionProblem(option: RawDhcpOption): string | undefined {
  if (PROTOCOL_OPTIONS.includes(option.code)) return `option ${option.code} is the protocol's own and cannot be set`;
  if ('hex' in option) {
    if (!/^([0-9A-Fa-f]{2})+$/.test(option.hex)) return 'hex must be pairs of hexadecimal digits';
    return option.hex.length > 2 * LONGEST_VALUE ? tooLong : undefined;
  }
  if ('text' in option) {
    // Latin-1, as everywhere in DHCP: clients know no encoding.
    if (!/^[\x20-\x7e\xa0-\xff]+$/.test(option.text)) return 'text must be one line of Latin-1 characters';
    return option.text.length > LONGEST_VALUE ? tooLong : undefined;
  }
  return option.addresses.length === 0 ? 'addresses must not be empty' : undefined;
}

/** A message holds 1472 bytes; half of that is left for everything else. */
const LONGEST_VALUE = 700;
const tooLong = `is longer than ${LONGEST_VALUE} bytes`;
