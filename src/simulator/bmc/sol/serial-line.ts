/** The machine's end of a serial line, as its controller sees it. */
export type SerialLine = {
  /** Hears what the machine sends, until disposed. The buffer is the listener's. */
  onOutput(listener: (output: SerialOutput) => void): Disposable;
  /** Characters for the machine. */
  input(bytes: Buffer): void;
  /** A break for the machine. */
  break(): void;
};

export type SerialOutput = { readonly kind: 'characters'; readonly bytes: Buffer } | { readonly kind: 'break' };

/** A line with a test at its other end. */
export type ScriptedLine = SerialLine & {
  /** The machine sends this. */
  output(text: string | Buffer): void;
  outputBreak(): void;
  /** All that has come for the machine so far. */
  received(): Buffer;
  /** Breaks that have come for the machine. */
  readonly breaks: number;
};

export function createScriptedLine(): ScriptedLine {
  const listeners = createListeners();
  const inputs: Buffer[] = [];
  let breaks = 0;
  return {
    onOutput: listeners.add,
    input: (bytes) => void inputs.push(Buffer.from(bytes)),
    break: () => void breaks++,
    output: (text) => listeners.tell({ kind: 'characters', bytes: Buffer.from(text) }),
    outputBreak: () => listeners.tell({ kind: 'break' }),
    received: () => Buffer.concat(inputs),
    get breaks() {
      return breaks;
    },
  };
}

/** Who listens to a line. */
export function createListeners(): {
  readonly add: SerialLine['onOutput'];
  tell(output: SerialOutput): void;
} {
  const listeners = new Set<(output: SerialOutput) => void>();
  return {
    add(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    tell(output) {
      for (const listener of listeners) listener(output);
    },
  };
}
