/** What part of a file a request gets; `to` is exclusive. */
export type RangeAnswer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly from: number; readonly to: number }
  | { readonly kind: 'unsatisfiable' };

/** `bytes=first-last`; the unit in any case, white space around the range only. 30 digits are more than any file needs. */
const RANGE = /^bytes=[ \t]*(\d{0,30})-(\d{0,30})[ \t]*$/i;

/**
 * Reads a Range header. Only one range of bytes is served as a part; several, other units and malformed ones are answered
 * with the whole file, as RFC 9110 §14.2 allows (a server may ignore Range).
 * @param ifRange an entity tag or date the part must belong to; anything but our tag means: the whole file
 * @see RFC 9110 §14.1.2, §13.1.5
 */
export function rangeOf(
  header: string | undefined,
  ifRange: string | undefined,
  etag: string,
  size: number,
): RangeAnswer {
  const whole: RangeAnswer = { kind: 'whole' };
  if (header === undefined || (ifRange !== undefined && ifRange.trim() !== etag)) return whole;
  const match = RANGE.exec(header);
  const [first = '', last = ''] = match?.slice(1) ?? [];
  if (match === null || (first === '' && last === '')) return whole;
  if (first === '') {
    const count = Math.min(Number(last), size);
    return count === 0 ? { kind: 'unsatisfiable' } : { kind: 'part', from: size - count, to: size };
  }
  const from = Number(first);
  if (last !== '' && Number(last) < from) return whole;
  if (from >= size) return { kind: 'unsatisfiable' };
  return { kind: 'part', from, to: last === '' ? size : Math.min(Number(last) + 1, size) };
}
