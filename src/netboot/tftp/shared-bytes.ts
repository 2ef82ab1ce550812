/** Puts bytes where other threads see them too: a file once, however often it is asked for; forgotten with the file. */
export function createSharedBytes(): (data: Buffer) => Uint8Array {
  const known = new WeakMap<Buffer, Uint8Array>();
  return (data) => {
    const earlier = known.get(data);
    if (earlier !== undefined) return earlier;
    const shared = new Uint8Array(new SharedArrayBuffer(data.length));
    shared.set(data);
    known.set(data, shared);
    return shared;
  };
}
