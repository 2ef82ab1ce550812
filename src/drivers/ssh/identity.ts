import ssh2, { type ParsedKey } from 'ssh2';
import type { Secrets } from '../../domain/ports/secrets.ts';
import { describeSecretRef, type SecretRef } from '../../domain/secret-ref.ts';
import { ConfigError } from '../../foundation/errors.ts';

/**
 * Opens our private key for one connection. The file's bytes are wiped at once; what the SSH package makes of them
 * lives as long as the connection's set-up and is never cached here.
 * @throws ConfigError when it is no private key, or locked by a passphrase
 */
export async function openIdentity(secrets: Secrets, ref: SecretRef, signal: AbortSignal): Promise<ParsedKey> {
  using secret = await secrets.open(ref, signal);
  const parsed: unknown = secret.use((bytes) => ssh2.utils.parseKey(bytes));
  const where = describeSecretRef(ref);
  // The parser's own words are not repeated: what they quote of the input is not known.
  if (parsed instanceof Error) {
    throw new ConfigError(
      `SSH identity ${where} cannot be read: an OpenSSH private key without a passphrase is needed`,
    );
  }
  // The package's types leave out that files with several keys give an array.
  const [key] = (Array.isArray(parsed) ? parsed : [parsed]) as (ParsedKey | undefined)[];
  if (key === undefined || !key.isPrivateKey()) {
    throw new ConfigError(`SSH identity ${where} holds no private key; is it the .pub file?`);
  }
  return key;
}
