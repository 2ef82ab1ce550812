/** One measured piece of work beside its peer, from the same run. */
export type Row = {
  readonly work: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: string;
  readonly peerValue: number;
  /** Above 1 we are ahead, whatever the unit. */
  readonly ratio: number;
};

export type Part = {
  readonly name: string;
  readonly about: string;
  /** Measures; `say` gets progress for people. @throws Error when a peer can't be had here, with what to do */
  measure(say: (line: string) => void): Promise<readonly Row[]>;
};

/** A row where less is better: seconds, megabytes. */
export function less(work: string, unit: string, ours: number, peer: string, peerValue: number): Row {
  return { work, unit, ours, peer, peerValue, ratio: peerValue / ours };
}

/** A row where more is better: megabytes a second, exchanges a second. */
export function more(work: string, unit: string, ours: number, peer: string, peerValue: number): Row {
  return { work, unit, ours, peer, peerValue, ratio: ours / peerValue };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The value below which the share of the others lies: 0.99 for p99. NaN when there is none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** A table for people. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.work,
    row.unit,
    figure(row.ours),
    row.peer,
    figure(row.peerValue),
    figure(row.ratio),
  ]);
  const table = [['work', 'unit', 'ours', 'peer', "peer's", 'ratio (>1: ahead)'], ...cells];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  return table
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function figure(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
