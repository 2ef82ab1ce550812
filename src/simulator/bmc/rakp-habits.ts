import { type CipherSuite, cipherSuiteById } from '../../protocols/ipmi/cipher-suites.ts';
import {
  MAXIMUM_USER_NAME_BYTES,
  type RakpExchange,
  rakpKey,
  rakpMessage2Code,
  rakpMessage4CheckValue,
} from '../../protocols/ipmi/rakp/keys.ts';
import { NAME_ONLY_LOOKUP } from '../../protocols/ipmi/rakp/rakp-message-1.ts';
import type { Personality } from './personality.ts';
import type { SimulatedUser } from './users.ts';

/** The role byte that this controller's hashes cover. @see IPMI v2.0 rev. 1.1 §13.31 */
export function roleToHash(personality: Personality, role: number, openSessionPrivilege: number): number {
  const level = personality.hashedPrivilege === 'open-session' ? openSessionPrivilege : role & 0x0f;
  const lookup = personality.hashedRole === 'whole' ? role & 0xf0 : role & 0xf0 & ~NAME_ONLY_LOOKUP;
  return lookup | level;
}

/** The user name that this controller's hashes cover; a copy. @see IPMI v2.0 rev. 1.1 §13.31 */
export function nameToHash({ userName }: Personality, name: Buffer): Buffer {
  return userName === 'plain' ? Buffer.from(name) : Buffer.concat([name], MAXIMUM_USER_NAME_BYTES);
}

/** The user name that a RAKP message 1 gives this controller; undefined where it would find nobody of the kind. */
export function nameToFind({ userName }: Personality, name: Buffer): Buffer | undefined {
  if (userName !== 'padded') return name;
  const end = name.indexOf(0);
  return name.length === MAXIMUM_USER_NAME_BYTES ? name.subarray(0, end < 0 ? name.length : end) : undefined;
}

/** The code of RAKP message 2 as this controller sends it. @see IPMI v2.0 rev. 1.1 §13.21 */
export function keyExchangeCode(
  personality: Personality,
  suite: CipherSuite,
  key: Buffer,
  exchange: RakpExchange,
): Buffer {
  const code = rakpMessage2Code(suite, key, exchange);
  return personality.keyExchangeCode === 'whole' ? code : Buffer.concat([code, Buffer.of(0)]);
}

/** The user's password as this controller's key of 20 bytes. @see IPMI v2.0 rev. 1.1 §13.31 */
export function passwordKey({ md5PasswordBytes }: Personality, suite: CipherSuite, user: SimulatedUser): Buffer {
  const password = Buffer.from(user.password);
  return rakpKey(suite.hash === 'md5' ? password.subarray(0, md5PasswordBytes) : password);
}

/** What this controller's code of RAKP message 3 covers. @see IPMI v2.0 rev. 1.1 §13.31 */
export function exchangeOfMessage3(
  { message3Identity }: Personality,
  exchange: RakpExchange,
  user: SimulatedUser,
): RakpExchange {
  if (message3Identity === 'as-in-message-1') return exchange;
  return { ...exchange, role: exchange.role & ~NAME_ONLY_LOOKUP, userName: Buffer.from(user.name) };
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
