import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Something that must show up nowhere, in each of the spellings in which it might. */
export type Planted = { readonly name: string; readonly value: string };

/** @returns where which value was found, and how it was spelt there; empty is well */
export function findPlanted(planted: readonly Planted[], places: ReadonlyMap<string, Buffer>): string[] {
  const found: string[] = [];
  for (const { name, value } of planted) {
    for (const [spelling, bytes] of spellingsOf(value)) {
      for (const [place, contents] of places)
        if (contents.includes(bytes)) found.push(`${name} (${spelling}) in ${place}`);
    }
  }
  return found;
}

/** As it is, and as JSON, URLs, hexadecimal, UTF-16 and base64 (at each alignment) would have it. */
export function spellingsOf(value: string): ReadonlyMap<string, Buffer> {
  const bytes = Buffer.from(value);
  const spellings = new Map<string, Buffer>([
    ['as it is', bytes],
    ['as JSON', Buffer.from(JSON.stringify(value).slice(1, -1))],
    ['as a URL', Buffer.from(encodeURIComponent(value))],
    ['in hexadecimal', Buffer.from(bytes.toString('hex'))],
    ['in UTF-16', Buffer.from(value, 'utf16le')],
  ]);
  for (const lead of [0, 1, 2]) {
    // Of what stands around it only the groups of three bytes at its ends can change.
    const padded = Buffer.concat([Buffer.alloc(lead), bytes]);
    const whole = padded.subarray(lead === 0 ? 0 : 3, padded.length - (padded.length % 3));
    spellings.set(`in base64 after ${lead}`, Buffer.from(whole.toString('base64')));
  }
  return spellings;
}

/** Every file below a folder, by path. */
export function filesBelow(folder: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(path, readFileSync(path));
  }
  return files;
}

/** What `ps` and /proc showed of a process and all that it started, sampled until stopped. */
export function watchProcesses(root: number) {
  const commandLines = new Set<string>();
  const environments = new Map<number, Buffer>();
  let samples = 0;
  const sample = (): void => {
    samples++;
    for (const pid of [root, ...descendantsOf(root)]) {
      const commandLine = readIfThere(pid, 'cmdline');
      if (commandLine !== undefined) commandLines.add(commandLine.toString('latin1'));
      const environment = readIfThere(pid, 'environ');
      if (environment !== undefined && environment.length > 0) environments.set(pid, environment);
    }
  };
  const timer = setInterval(sample, 15);
  return {
    commandLines,
    /** Of the processes it started, not its own. */
    childEnvironments: (): Map<number, Buffer> => new Map([...environments].filter(([pid]) => pid !== root)),
    samples: () => samples,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function descendantsOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    // The name in parentheses may hold anything; the parent is the second word behind it.
    const parent = Number(/\) \S (\d+)/.exec(readIfThere(pid, 'stat')?.toString('latin1') ?? '')?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid: number): number[] => (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(root);
}

/** Processes come and go. */
function readIfThere(pid: number, file: string): Buffer | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`);
  } catch {
    return undefined;
  }
}
