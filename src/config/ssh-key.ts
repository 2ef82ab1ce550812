import { z } from 'zod';

/** Host key algorithms whose public keys are accepted; DSA and SSH certificates are not. @see RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4 */
const TYPES = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'ssh-rsa'];

/** A public key line as `ssh-keyscan` and `.pub` files have it; the comment is dropped. */
export const sshPublicKey = z
  .string()
  .max(4096)
  .refine((line) => keyProblem(line) === undefined, {
    error: (issue) => keyProblem(String(issue.input)) ?? 'is not an SSH public key',
  })
  .transform((line) => line.trim().split(/\s+/).slice(0, 2).join(' '));

function keyProblem(line: string): string | undefined {
  if (line.includes('PRIVATE KEY'))
    return 'is a private key: give the line of the .pub file, and keep the private key out of here';
  const [type = '', blob = ''] = line.trim().split(/\s+/);
  if (!TYPES.includes(type)) {
    return `is not an SSH public key line "TYPE BASE64" with a type out of ${TYPES.join(', ')} (see ssh-keyscan; no host name in front)`;
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(blob)) return `is not an SSH public key: what follows ${type} is not base64`;
  const bytes = Buffer.from(blob, 'base64');
  // The blob repeats the type as its first string. @see RFC 4253 §6.6
  const length = bytes.length >= 4 ? bytes.readUInt32BE(0) : 0;
  if (length !== type.length || bytes.subarray(4, 4 + length).toString('latin1') !== type) {
    return `is not an SSH public key: the key in base64 is not of type ${type}, or cut off`;
  }
  if (!fieldsFit(bytes)) return 'is not an SSH public key: the key in base64 is cut off or has bytes behind its end';
  return undefined;
}

/** Whether the blob is length-prefixed fields from start to end, at least the type and one more. */
function fieldsFit(bytes: Buffer): boolean {
  let offset = 0;
  let fields = 0;
  while (offset + 4 <= bytes.length) {
    offset += 4 + bytes.readUInt32BE(offset);
    fields++;
  }
  return offset === bytes.length && fields >= 2;
}
