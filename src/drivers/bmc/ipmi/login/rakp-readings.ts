import { AuthenticationAlgorithm, type CipherSuite } from '../../../../protocols/ipmi/cipher-suites.ts';
import { MAXIMUM_USER_NAME_BYTES, type RakpExchange } from '../../../../protocols/ipmi/rakp/keys.ts';
import { NAME_ONLY_LOOKUP } from '../../../../protocols/ipmi/rakp/rakp-message-1.ts';
import { MAXIMUM_V1_PASSWORD_BYTES } from '../../../../protocols/ipmi/session-v1-authentication.ts';

/** What a controller makes its codes and keys of. */
export type RakpReading = {
  /** The quirk's name, null for the specification's. */
  readonly quirk: 'role-bit-cleared' | 'name-padded-in-keys' | 'cut-md5-password' | null;
  readonly exchange: RakpExchange;
  readonly userKey: Buffer;
};

/**
 * The ways in which controllers are known to read one and the same login, the specification's first. The code in RAKP
 * message 2 tells which it is; nobody without the password can make a code that fits any of them, so that trying them
 * gives nothing away.
 * @param exchange as it was on the wire
 */
export function* rakpReadings(suite: CipherSuite, exchange: RakpExchange, userKey: Buffer): Generator<RakpReading> {
  yield { quirk: null, exchange, userKey };
  const role = exchange.role & ~NAME_ONLY_LOOKUP;
  if (role !== exchange.role) yield { quirk: 'role-bit-cleared', exchange: { ...exchange, role }, userKey };
  if (exchange.userName.length < MAXIMUM_USER_NAME_BYTES) {
    const userName = paddedName(exchange.userName);
    yield { quirk: 'name-padded-in-keys', exchange: { ...exchange, userName }, userKey };
  }
  const tail = userKey.subarray(MAXIMUM_V1_PASSWORD_BYTES);
  if (suite.authentication === AuthenticationAlgorithm.hmacMd5 && tail.some((byte) => byte !== 0)) {
    const cut = Buffer.alloc(userKey.length);
    userKey.copy(cut, 0, 0, MAXIMUM_V1_PASSWORD_BYTES);
    yield { quirk: 'cut-md5-password', exchange, userKey: cut };
  }
}

/** A user name filled up to 16 bytes with zeros. */
export function paddedName(userName: Buffer): Buffer {
  const padded = Buffer.alloc(MAXIMUM_USER_NAME_BYTES);
  userName.copy(padded);
  return padded;
}
