/** Quotes a word for a POSIX shell. @see POSIX.1-2024, Shell Command Language §2.2.2 */
export function quote(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * A script for the remote shell. Its first line does nothing but say what it is, to whoever looks at the machine's
 * process list and wonders; it must hold nothing secret.
 * @param title `look-initrd`, `rebuild-status JOB`
 */
export function script(title: string, body: string): string {
  return `: bootwright ${title}\n${body}`;
}

/**
 * Reads what our scripts print: lines of a key, a space and a value, so that no value can be taken for a key. Lines
 * keep their order; values may be empty.
 */
export function parseReport(output: Buffer): readonly (readonly [key: string, value: string])[] {
  const lines = output.toString('utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => splitOnce(line, ' '));
}

/** "a b c" at " " is ["a", "b c"]; without the separator the second part is empty. */
export function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** The value of a key's first line, or null. */
export function reported(report: ReturnType<typeof parseReport>, key: string): string | null {
  return report.find(([name]) => name === key)?.[1] ?? null;
}

/** All values of a key. */
export function reportedAll(report: ReturnType<typeof parseReport>, key: string): readonly string[] {
  return report.filter(([name]) => name === key).map(([, value]) => value);
}
