import { createHash, timingSafeEqual } from 'node:crypto';
import { BugError } from '../../foundation/errors.ts';
import { AuthenticationType, type SessionV1 } from './session-v1.ts';

/** Most bytes of a password in IPMI v1.5. @see IPMI v2.0 rev. 1.1 §22.17.1 */
export const MAXIMUM_V1_PASSWORD_BYTES = 16;

/** A password as v1.5 hashes it: 16 bytes, filled up with zeros. @throws BugError when longer */
export function v1Key(password: Buffer): Buffer {
  if (password.length > MAXIMUM_V1_PASSWORD_BYTES) throw new BugError('v1.5 password of more than 16 bytes');
  const key = Buffer.alloc(MAXIMUM_V1_PASSWORD_BYTES);
  password.copy(key);
  return key;
}

/** A packet without its authentication code: what the code is made over. */
export type UnsignedSessionV1 = Pick<SessionV1, 'sessionSequence' | 'sessionId' | 'payload'>;

/**
 * A v1.5 wrapper with its MD5 code: MD5(password, session id, payload, sequence number, password), numbers least
 * significant byte first. The session header's own bytes are covered by these alone.
 * @param key the password as 16 bytes
 * @see IPMI v2.0 rev. 1.1 §22.17.1 (single-session and multi-session codes), §13.6
 */
export function signSessionV1(packet: UnsignedSessionV1, key: Buffer): SessionV1 {
  return {
    ...packet,
    authenticationType: AuthenticationType.md5,
    authenticationCode: md5Code(packet, key),
    trailer: Buffer.alloc(0),
  };
}

/** Whether a received packet carries the MD5 code that this password gives; compared in constant time. */
export function verifySessionV1(session: SessionV1, key: Buffer): boolean {
  if (session.authenticationType !== AuthenticationType.md5 || session.authenticationCode === undefined) return false;
  return timingSafeEqual(session.authenticationCode, md5Code(session, key));
}

function md5Code({ sessionSequence, sessionId, payload }: UnsignedSessionV1, key: Buffer): Buffer {
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(sessionId, 0);
  numbers.writeUInt32LE(sessionSequence, 4);
  return createHash('md5')
    .update(key)
    .update(numbers.subarray(0, 4))
    .update(payload)
    .update(numbers.subarray(4))
    .update(key)
    .digest();
}
