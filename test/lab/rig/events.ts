/** What a machine's hardware has seen and done, from its events.log. */
import { readFileSync } from 'node:fs';

/** One line of the log. */
export interface HardwareEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  /**
   * `set`: the BMC was told something (`power 1`, `reset 1`, `boot pxe`, `shutdown 1`); `post`: QEMU was started
   * (`boot=pxe firmware=bios`); `end`: it ended (`off`, `reset`, `guest-reset`, `guest-shutdown`, `died`); `qemu`: trouble.
   */
  readonly kind: 'set' | 'post' | 'end' | 'qemu';
  /** The rest of the line. */
  readonly words: readonly string[];
}

/** Reads a log; one that is not there yet is empty. */
export function readEvents(path: string): HardwareEvent[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return []; // never powered on
  }
  return text.split('\n').flatMap((line) => {
    const [at = '', kind, ...words] = line.split(' ');
    return kind === 'set' || kind === 'post' || kind === 'end' || kind === 'qemu'
      ? [{ at: Math.round(Number(at) * 1000), kind, words }]
      : [];
  });
}

/** The power verbs among them, in order: `on`, `off`, `reset`, `soft-off`; ipmi_sim's cycle is an `off` and an `on`. */
export function powerVerbs(events: readonly HardwareEvent[]): ('on' | 'off' | 'reset' | 'soft-off')[] {
  return events.flatMap(({ kind, words: [name, value] }) => {
    if (kind !== 'set') return [];
    if (name === 'power') return [value === '1' ? 'on' : 'off'];
    if (name === 'reset') return ['reset'];
    return name === 'shutdown' ? ['soft-off'] : [];
  });
}
