import type { CliEnvironment } from './environment.ts';

const COLORS = { red: 31, green: 32, yellow: 33, dim: 2 } as const;
export type Color = keyof typeof COLORS;

/** Where the command writes: results to standard output, all else to standard error. */
export type Terminal = {
  readonly json: boolean;
  /** A line of the result, coloured where colours are wanted. */
  line(text: string, color?: Color): void;
  /** The result for programs: one line of JSON. */
  value(value: unknown): void;
  /** A remark that is no result. */
  remark(text: string): void;
};

export function createTerminal({ stdout, stderr, color }: CliEnvironment, json: boolean): Terminal {
  const paint = (text: string, name: Color | undefined): string =>
    color && name !== undefined ? `\u001b[${COLORS[name]}m${text}\u001b[0m` : text;
  return {
    json,
    line: (text, name) => void stdout.write(`${paint(printable(text), name)}\n`),
    value: (value) => void stdout.write(`${JSON.stringify(value)}\n`),
    remark: (text) => void stderr.write(`${printable(text)}\n`),
  };
}

/** Texts of machines must not steer the terminal: control characters are shown as replaced. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\t\n]/gu, '\ufffd');
}

/** A machine's text as one cell of a table: on one line, and read in the order in which it is written. */
export function cell(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

/** Rows under headings, columns as wide as their widest cell. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  return [headings, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
