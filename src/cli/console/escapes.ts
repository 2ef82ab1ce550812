/** What the keys of a person come to. */
export type KeyAction =
  | { readonly kind: 'send'; readonly bytes: Buffer }
  | { readonly kind: 'leave' | 'break' | 'reconnect' | 'take' | 'help' };

const TILDE = 0x7e;
const CR = 0x0d;
const LF = 0x0a;

const COMMANDS: Readonly<Record<string, Exclude<KeyAction['kind'], 'send'>>> = {
  '.': 'leave',
  B: 'break',
  R: 'reconnect',
  T: 'take',
  '?': 'help',
};

export const ESCAPE_HELP = [
  '~.  leave the console',
  '~B  send a break',
  '~R  connect the console again',
  '~T  take the console from whoever has it',
  '~~  send ~',
  '~?  this help',
  'Escapes are known right after Enter, as in ssh.',
];

/**
 * Finds the escapes among the keys, as ssh has them: ~ right after a line's end begins one; with any other key after it, both
 * are sent. Keys may come in any pieces.
 */
export function createEscapes(): (keys: Buffer) => readonly KeyAction[] {
  let lineStart = true;
  let pending = false;
  return (keys) => {
    const actions: KeyAction[] = [];
    let sent: number[] = [];
    const flush = (): void => {
      if (sent.length > 0) actions.push({ kind: 'send', bytes: Buffer.from(sent) });
      sent = [];
    };
    for (const key of keys) {
      if (pending) {
        pending = false;
        const command = COMMANDS[String.fromCharCode(key)];
        if (command !== undefined) {
          flush();
          actions.push({ kind: command });
          continue;
        }
        sent.push(TILDE);
        lineStart = false;
        if (key === TILDE) continue;
      } else if (lineStart && key === TILDE) {
        pending = true;
        continue;
      }
      sent.push(key);
      lineStart = key === CR || key === LF;
    }
    flush();
    return actions;
  };
}
