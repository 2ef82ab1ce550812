/** JSON in one line for people: `host stage-1 · prompts cryptroot · unlocked none`. Long values are cut. */
export function brief(value: unknown, longest = 220): string {
  const text = lineOf(value, 0);
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

function lineOf(value: unknown, depth: number): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value))
    return value.length === 0 ? 'none' : value.map((part) => lineOf(part, depth + 1)).join(', ');
  if (typeof value !== 'object') return String(value);
  const pairs = Object.entries(value).filter(([, part]) => part !== null);
  if (pairs.length === 0) return '–';
  const parts = pairs.map(([key, part]) => `${wordsOfKey(key)} ${lineOf(part, depth + 1)}`);
  return depth === 0 ? parts.join(' · ') : depth === 1 ? parts.join(', ') : `(${parts.join(', ')})`;
}

/** bootIdBefore → boot id before */
export function wordsOfKey(key: string): string {
  return key.replaceAll(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);
}

export function bytesText(count: number): string {
  if (count < 1024) return `${count} B`;
  if (count < 1024 * 1024) return `${(count / 1024).toFixed(count < 10_240 ? 1 : 0)} KiB`;
  return `${(count / 1024 / 1024).toFixed(count < 10_485_760 ? 1 : 0)} MiB`;
}
