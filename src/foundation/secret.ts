import { inspect } from 'node:util';

const PLACEHOLDER = '[secret]';

/**
 * A value that must not be seen: passphrase, password, private key, token. Every way of printing it yields a
 * placeholder. It is opened only for the length of one use, and wiped after.
 */
export class Secret implements Disposable {
  #bytes: Buffer | undefined;

  /** @param bytes taken over, not copied: wiping the secret wipes the caller's buffer */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** For literals in tests and for values that were strings anyway; prefer buffers. */
  static fromText(text: string): Secret {
    return new Secret(Buffer.from(text, 'utf8'));
  }

  get length(): number {
    return this.#open().length;
  }

  /** Lends the bytes to `use`; they must not be kept. */
  use<T>(use: (bytes: Buffer) => T): T {
    return use(this.#open());
  }

  /** A copy that lives and is wiped on its own. */
  copy(): Secret {
    return new Secret(Buffer.from(this.#open()));
  }

  /** Overwrites the bytes; using the secret afterwards throws. */
  [Symbol.dispose](): void {
    this.#bytes?.fill(0);
    this.#bytes = undefined;
  }

  toString(): string {
    return PLACEHOLDER;
  }

  toJSON(): string {
    return PLACEHOLDER;
  }

  [inspect.custom](): string {
    return PLACEHOLDER;
  }

  #open(): Buffer {
    if (this.#bytes === undefined) throw new TypeError('secret used after it was wiped');
    return this.#bytes;
  }
}
