/**
 * Undoes systemd's escaping of an instance name: `-` stands for `/`, `\xHH` for a byte.
 * @see systemd.unit(5), "String Escaping for Inclusion in Unit Names"
 */
export function unescapeInstance(instance: string): string {
  const bytes: number[] = [];
  for (let i = 0; i < instance.length; i++) {
    const hex = /^\\x([0-9a-fA-F]{2})/.exec(instance.slice(i, i + 4))?.[1];
    if (hex !== undefined) {
      bytes.push(Number.parseInt(hex, 16));
      i += 3;
    } else if (instance[i] === '-') bytes.push(0x2f);
    else bytes.push(...Buffer.from(instance[i] ?? '', 'utf8'));
  }
  return Buffer.from(bytes).toString('utf8');
}

/** The disk that a `systemd-cryptsetup@NAME.service` opens; undefined for other units. */
export function diskOfUnit(unit: string): string | undefined {
  const instance = /^systemd-cryptsetup@(.+)\.service$/.exec(unit)?.[1];
  return instance === undefined ? undefined : unescapeInstance(instance);
}
