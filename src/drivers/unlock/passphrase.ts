import { InvalidRequestError } from '../../foundation/errors.ts';
import { Secret } from '../../foundation/secret.ts';

/**
 * A passphrase as a password agent takes it: one line. An agent edits a line as a terminal does, so NUL, TAB and other
 * control characters would arrive as something else, and an empty line spends a try.
 * @returns a copy with the newline, the caller's to wipe
 * @throws InvalidRequestError when it cannot go this way
 * @see systemd src/shared/ask-password-api.c ask_password_tty()
 */
export function passphraseLine(passphrase: Secret, disk: string): Secret {
  return passphrase.use((bytes) => {
    if (bytes.length === 0) throw new InvalidRequestError(`passphrase of disk ${disk} is empty`);
    if (bytes.some((byte) => byte < 0x20 || byte === 0x7f)) {
      throw new InvalidRequestError(
        `passphrase of disk ${disk} has control characters, which no password agent passes on: add a typable one to the disk`,
      );
    }
    const line = Buffer.alloc(bytes.length + 1, 0x0a);
    bytes.copy(line);
    return new Secret(line);
  });
}

/** Debian's cryptroot-unlock takes the bytes as they are, the last newline included; only an empty one is refused. */
export function passphraseBytes(passphrase: Secret, disk: string): Secret {
  if (passphrase.length === 0) throw new InvalidRequestError(`passphrase of disk ${disk} is empty`);
  return passphrase.copy();
}
