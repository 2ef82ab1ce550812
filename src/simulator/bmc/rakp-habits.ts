import { type CipherSuite, cipherSuiteById } from '../../protocols/ipmi/cipher-suites.ts';
import { type RakpExchange, rakpKey, rakpMessage4CheckValue } from '../../protocols/ipmi/rakp/keys.ts';
import type { Personality } from './personality.ts';
import type { SimulatedUser } from './users.ts';

/** The role byte that this controller's hashes cover. @see IPMI v2.0 rev. 1.1 §13.31 */
export function hashedRole({ hashedPrivilege }: Personality, role: number, openSessionPrivilege: number): number {
  return hashedPrivilege === 'open-session' ? (role & 0xf0) | openSessionPrivilege : role;
}

/** The user's password as this controller's key of 20 bytes. @see IPMI v2.0 rev. 1.1 §13.31 */
export function passwordKey({ md5PasswordBytes }: Personality, suite: CipherSuite, user: SimulatedUser): Buffer {
  const password = Buffer.from(user.password);
  return rakpKey(suite.hash === 'md5' ? password.subarray(0, md5PasswordBytes) : password);
}

/** The check value of RAKP message 4 as this controller cuts it. @see IPMI v2.0 rev. 1.1 §13.28.1, §13.28.4 */
export function checkValue(personality: Personality, suite: CipherSuite, sik: Buffer, exchange: RakpExchange): Buffer {
  if (suite.hash === undefined && personality.checkValueUnasked === 'there') return unaskedCheckValue(exchange);
  const value = rakpMessage4CheckValue(suite, sik, exchange);
  return personality.checkValueCut === 'integrity' ? value.subarray(0, suite.integrityCodeBytes) : value;
}

/** What a controller that always hashes with SHA-1 puts where no value belongs: one under a key of zeros. */
function unaskedCheckValue(exchange: RakpExchange): Buffer {
  const sha1 = cipherSuiteById(1);
  return sha1 === undefined ? Buffer.alloc(12) : rakpMessage4CheckValue(sha1, Buffer.alloc(20), exchange);
}
