import { createHash } from 'node:crypto';
import { ConfigError } from '../../foundation/errors.ts';

/** A public host key as it is pinned or as it was shown. */
export type HostKey = {
  /** `ssh-ed25519`, as in the key itself. */
  readonly type: string;
  /** The key blob K_S, compared byte for byte. @see RFC 4253 §8 */
  readonly blob: Buffer;
  /** `SHA256:` and unpadded base64, as OpenSSH prints it. */
  readonly fingerprint: string;
  /** `ssh-ed25519 AAAA…`, fit to be pinned. */
  readonly line: string;
};

/**
 * Host key algorithms that show a key of that type. For RSA the SHA-1 signature `ssh-rsa` is left out: anyone who can
 * forge one could impersonate the machine. @see RFC 8332 §3.1, RFC 5656 §6.2, RFC 8709 §4
 */
const ALGORITHMS: ReadonlyMap<string, readonly string[]> = new Map([
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
]);

/** Every algorithm we can be shown a key with. */
export const ALL_HOST_KEY_ALGORITHMS: readonly string[] = [...ALGORITHMS.values()].flat();

/**
 * Parses a public key line: type, base64, and an optional comment.
 * @throws ConfigError when it is none, or of a type that cannot be verified here
 */
export function parseHostKey(line: string): HostKey {
  const [type = '', base64 = ''] = line.trim().split(/[ \t]+/);
  const blob = Buffer.from(base64, 'base64');
  if (!ALGORITHMS.has(type)) {
    throw new ConfigError(
      `host key type ${JSON.stringify(type.slice(0, 40))} is not one of ${[...ALGORITHMS.keys()].join(', ')}`,
    );
  }
  const canonical = blob.toString('base64');
  if (canonical.replaceAll('=', '') !== base64.replaceAll('=', '') || typeOf(blob) !== type) {
    throw new ConfigError(`host key of type ${type} is damaged: copy the whole line of the .pub file`);
  }
  return hostKeyOf(blob);
}

/** The host key in a blob that a server showed; any type, since strangers show what they like. */
export function hostKeyOf(blob: Buffer): HostKey {
  const type = typeOf(blob);
  const digest = createHash('sha256').update(blob).digest('base64').replaceAll('=', '');
  return { type, blob, fingerprint: `SHA256:${digest}`, line: `${type} ${blob.toString('base64')}` };
}

export function sameHostKey(a: HostKey, b: HostKey): boolean {
  return a.blob.equals(b.blob);
}

/** Algorithms to offer so that a server shows a key of one of these types and no other, in the pinned order. */
export function algorithmsFor(keys: readonly HostKey[]): readonly string[] {
  const algorithms = new Set<string>();
  for (const key of keys) for (const algorithm of ALGORITHMS.get(key.type) ?? []) algorithms.add(algorithm);
  return [...algorithms];
}

/** The blob's first string, its type, when it is one. @see RFC 4253 §6.6 */
function typeOf(blob: Buffer): string {
  if (blob.length < 4) return '';
  const end = 4 + blob.readUInt32BE(0);
  if (end > blob.length || end > 4 + 64) return '';
  const type = blob.toString('latin1', 4, end);
  return /^[\x21-\x7e]+$/.test(type) ? type : '';
}
