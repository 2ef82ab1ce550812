import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { Entropy } from '../../foundation/entropy.ts';

/** A key pair as OpenSSH's files have it. */
export type SshKey = { readonly private: string; readonly public: string };

/** PKCS #8 up to the 32 bytes of an Ed25519 private key. @see RFC 8410 §7 */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Makes an Ed25519 key. Written here since ssh2 1.17's generateKeyPairSync gives a private key that it cannot itself
 * parse about once in 300 times (seen: 13 of 4000), where a part of the key begins with a zero byte.
 * @see openssh-portable PROTOCOL.key, RFC 8709 §4
 */
export function newSshKey(entropy: Entropy, comment = ''): SshKey {
  const seed = entropy.bytes(32);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const publicBytes = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  const type = Buffer.from('ssh-ed25519');
  const blob = Buffer.concat([text(type), text(publicBytes)]);
  const check = entropy.bytes(4);
  const open = Buffer.concat([
    check,
    check,
    blob,
    text(Buffer.concat([seed, publicBytes])),
    text(Buffer.from(comment)),
  ]);
  // Filled up to the cipher's block, 8 bytes for none, with 1, 2, 3, …
  const padding = Buffer.from(Array.from({ length: (8 - (open.length % 8)) % 8 }, (_, i) => i + 1));
  const none = text(Buffer.from('none'));
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    none,
    none,
    text(Buffer.alloc(0)),
    uint32(1),
    text(blob),
    text(Buffer.concat([open, padding])),
  ]);
  const lines = file.toString('base64').replace(/(.{70})/g, '$1\n');
  return {
    private: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.trimEnd()}\n-----END OPENSSH PRIVATE KEY-----\n`,
    public: `ssh-ed25519 ${blob.toString('base64')}${comment === '' ? '' : ` ${comment}`}`,
  };
}

/** SSH's `string`: its length, then its bytes. @see RFC 4251 §5 */
function text(bytes: Buffer): Buffer {
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
