import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../../foundation/clock.ts';
import { ConfigError, errorText } from '../../../foundation/errors.ts';
import { type Issued, issueAuthority } from './certificates.ts';

/** It goes into firmware and into loaders, where nobody likes to change it. */
const LIFETIME_MS = 20 * 365 * 24 * 3600 * 1000;

/**
 * Reads the authority kept in a folder, or makes one there at first start: `boot-ca.key`, for the owner only, and `boot-ca.crt`.
 * @throws ConfigError when others can read the key, when it is damaged or of another certificate, or when it has expired
 */
export async function loadAuthority({ clock }: { readonly clock: Clock }, folder: string): Promise<Issued> {
  const [keyFile, certificateFile] = [join(folder, 'boot-ca.key'), join(folder, 'boot-ca.crt')];
  const certificate = await readIfThere(certificateFile);
  if (certificate !== undefined) return checked(clock, await readKeyFile(keyFile), certificate, certificateFile);
  const made = await issueAuthority(clock.now() + LIFETIME_MS);
  await mkdir(folder, { recursive: true, mode: 0o750 });
  // The certificate last: when it is there, so is its key.
  await write(keyFile, made.key, 0o600);
  await write(certificateFile, made.certificate, 0o644);
  return made;
}

/** Reads a private key. @throws ConfigError when it is not there, or others than its owner can read it */
export async function readKeyFile(path: string): Promise<string> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0)
      throw new ConfigError(`${path} can be read by others: chmod 600 ${path}, and change the key if they did`);
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`private key ${path}: ${errorText(cause)}`, { cause, details: { path } });
  }
}

/** Checks that key and certificate belong together and are valid now. @throws ConfigError */
export function checked(clock: Clock, key: string, certificate: string, path: string): Issued {
  const wrong = (why: string, cause?: unknown): ConfigError =>
    new ConfigError(`certificate ${path}: ${why}`, { cause, details: { path } });
  let parsed: X509Certificate;
  let matches: boolean;
  try {
    parsed = new X509Certificate(certificate);
    matches = parsed.checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    throw wrong(errorText(cause), cause);
  }
  if (!matches) throw wrong('is not that of the private key beside it');
  const expiresAt = parsed.validToDate.getTime();
  if (expiresAt <= clock.now())
    throw wrong(`has expired on ${parsed.validToDate.toISOString()}; move it and its key away to get a new one`);
  return { key, certificate, expiresAt };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new ConfigError(`certificate ${path}: ${errorText(cause)}`, { cause, details: { path } });
  }
}

/** Whole or not at all, and on disk before it is used. */
async function write(path: string, text: string, mode: number): Promise<void> {
  const draft = `${path}.new`;
  try {
    {
      await using file = await open(draft, 'w', mode);
      await file.chmod(mode);
      await file.writeFile(text);
      await file.sync();
    }
    await rename(draft, path);
    await using folder = await open(dirname(path));
    await folder.sync();
  } catch (cause) {
    throw new ConfigError(`write ${path}: ${errorText(cause)}`, { cause, details: { path } });
  }
}
