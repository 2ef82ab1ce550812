/** Options whose value is options again, and how many bytes come before those. */
const NESTED: Readonly<Record<number, number>> = { 3: 12, 5: 24 };
const TEXT: readonly number[] = [13, 16, 59];

/** A DHCPv6 message as text for people, with every byte of it in hexadecimal: the header, then an option a line, nested ones indented. */
export function packetText6(message: Buffer): string {
  const relay = message[0] === 12 || message[0] === 13;
  const head = relay ? 34 : 4;
  const fields = relay ? [1, 1, 16, 16] : [1, 3];
  const header = fields
    .map((length, index) => {
      const at = fields.slice(0, index).reduce((sum, each) => sum + each, 0);
      return hex(message.subarray(at, at + length));
    })
    .join('  ');
  return `${[`head      ${header}`, ...optionLines(message.subarray(head), '')].join('\n')}\n`;
}

function optionLines(data: Buffer, indent: string): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < data.length; ) {
    const [code, length] = [data.readUInt16BE(at), data.readUInt16BE(at + 2)];
    const value = data.subarray(at + 4, at + 4 + length);
    const own = value.subarray(0, NESTED[code] ?? value.length);
    const said = TEXT.includes(code) ? `  # ${JSON.stringify(own.toString('latin1').replaceAll(/[^ -~]/g, '.'))}` : '';
    lines.push(`${`${indent}opt ${code}`.padEnd(10)}${hex(data.subarray(at, at + 4))}  ${hex(own)}${said}`.trimEnd());
    if (code === 9)
      lines.push(
        ...packetText6(value)
          .trimEnd()
          .split('\n')
          .map((line) => `  ${line}`),
      );
    else if (NESTED[code] !== undefined) lines.push(...optionLines(value.subarray(NESTED[code]), `${indent}  `));
    at += 4 + length;
  }
  return lines;
}

const hex = (data: Buffer): string => (data.toString('hex').match(/../g) ?? []).join(' ');
