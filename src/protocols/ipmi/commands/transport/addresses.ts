/** "192.0.2.7". @param address 4 bytes */
export function formatIpv4(address: Buffer): string {
  return [...address].join('.');
}

/** "52:54:00:12:34:56". @param address 6 bytes */
export function formatMacAddress(address: Buffer): string {
  return [...address].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** "2001:db8::7", the longest run of zero groups cut out. @param address 16 bytes @see RFC 5952 §4 */
export function formatIpv6(address: Buffer): string {
  const groups = Array.from({ length: 8 }, (_none, at) => address.readUInt16BE(2 * at));
  const run = longestZeroRun(groups);
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (run.length < 2) return text(groups);
  return `${text(groups.slice(0, run.start))}::${text(groups.slice(run.start + run.length))}`;
}

/** The first of the longest. */
function longestZeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  groups.forEach((group, at) => {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: at - length + 1, length };
  });
  return best;
}
