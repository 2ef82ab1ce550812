import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ConfigError } from '../../foundation/errors.ts';
import { Secret } from '../../foundation/secret.ts';
import { withoutLastNewline } from './value.ts';

/** Longest value read, bytes: a passphrase, key or token is far shorter, a wrong path often is not. */
export const LONGEST_SECRET = 64 * 1024;

/**
 * Who may have permission bits on the file. systemd grants a service user its credentials by an access control list
 * where it can, and then the mode's group bits are the list's mask (acl(5)): there only bits for others tell anything.
 */
export type Readers = 'owner' | 'owner-and-group';

/**
 * Reads a secret from a regular file; one newline at its end is not part of the value. Permissions are those of the
 * file that was opened, so neither a symbolic link nor a swap in between can get round them.
 * @param where the reference, for errors
 * @throws ConfigError when it cannot be read, is no regular file, is too long, or is open to others
 */
export async function readSecretFile(path: string, where: string, readers: Readers): Promise<Secret> {
  let file: FileHandle;
  try {
    // Without O_NONBLOCK opening a FIFO would wait for its writer.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new ConfigError(`secret ${where} cannot be opened: ${codeOf(error)}`);
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new ConfigError(`secret ${where} is not a regular file`);
    const open = stat.mode & (readers === 'owner' ? 0o077 : 0o007);
    if (open !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
      throw new ConfigError(`secret ${where} has mode ${mode}, open to others: chmod 600 it`, { details: { mode } });
    }
    return new Secret(await readAll(file, where));
  } finally {
    await file.close();
  }
}

async function readAll(file: FileHandle, where: string): Promise<Buffer> {
  const buffer = Buffer.alloc(LONGEST_SECRET + 1);
  try {
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > LONGEST_SECRET) throw new ConfigError(`secret ${where} is longer than ${LONGEST_SECRET} bytes`);
    return withoutLastNewline(buffer.subarray(0, length));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`secret ${where} cannot be read: ${codeOf(error)}`);
  } finally {
    buffer.fill(0);
  }
}

/** `ENOENT`, `EACCES`, …: all of a system error that is told. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}
