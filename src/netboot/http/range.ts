/** What part of a file a request gets; `to` is exclusive. */
export type RangeAnswer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly from: number; readonly to: number }
  | { readonly kind: 'unsatisfiable' };

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
  if (header === undefined || (ifRange !== undefined && ifRange !== etag)) return whole;
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.replaceAll(/\s/g, ''));
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
