import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CliError, EXIT } from './cli-error.ts';

/**
 * Reads the bearer token. A token is never taken from the command line, where every user of the host could read it.
 * @throws CliError when it is not there, readable by others, or no token
 */
export function readTokenFile(path: string): string {
  const { mode, text } = readFile(path);
  if ((mode & 0o077) !== 0) {
    throw new CliError(EXIT.denied, `the token file ${path} can be read by others`, [`chmod 600 ${path}`]);
  }
  const token = text.trim();
  if (!/^bw_[0-9a-z]{32}$/.test(token)) {
    throw new CliError(EXIT.denied, `${path} holds no token: one line, bw_ and 32 letters and digits`);
  }
  return token;
}

/** Writes a token for its owner's eyes only; an existing file is left alone. */
export function writeTokenFile(path: string, token: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${token}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new CliError(EXIT.usage, `the token could not be written to ${path}: ${textOf(error)}`, [
      'The token was made all the same; remove it with: bootwright tokens remove ID',
    ]);
  }
}

function readFile(path: string): { mode: number; text: string } {
  try {
    const { mode } = statSync(path);
    return { mode, text: readFileSync(path, 'utf8') };
  } catch (error) {
    throw new CliError(EXIT.denied, `there is no token: ${textOf(error)}`, [
      'The service prints a token at its first start; put it there with mode 600, or name the file with --token-file.',
    ]);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
