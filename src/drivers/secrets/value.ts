/** A copy of the bytes without one newline at the end, which editors and programs add to a value. */
export function withoutLastNewline(bytes: Buffer): Buffer {
  const end = bytes.at(-1) === 0x0a ? bytes.length - 1 : bytes.length;
  return Buffer.from(bytes.subarray(0, end));
}
