import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { BugError } from '../../../foundation/errors.ts';
import { type CipherSuite, IntegrityAlgorithm } from '../cipher-suites.ts';

/** Most bytes of a password or of K_G in IPMI v2.0. @see IPMI v2.0 rev. 1.1 §13.31, §22.30 */
export const MAXIMUM_KEY_BYTES = 20;
/** Most bytes of a user name. @see §13.20, Table 13-11 */
export const MAXIMUM_USER_NAME_BYTES = 16;
/** Bytes of a RAKP random number. */
export const RAKP_RANDOM_BYTES = 16;

/** Everything the two ends have told each other once RAKP message 2 is there; the hashes run over parts of it. */
export type RakpExchange = {
  readonly remoteConsoleSessionId: number;
  readonly managedSystemSessionId: number;
  /** 16 bytes, as on the wire. */
  readonly remoteConsoleRandom: Buffer;
  /** 16 bytes, as on the wire. */
  readonly managedSystemRandom: Buffer;
  /** 16 bytes, as on the wire. */
  readonly managedSystemGuid: Buffer;
  /** The whole role byte of RAKP message 1: bit 4 name-only lookup, bits 3:0 privilege level. */
  readonly role: number;
  readonly userName: Buffer;
};

/** A password or K_G as a key: 20 bytes, filled up with zeros. @throws BugError when longer */
export function rakpKey(secret: Buffer): Buffer {
  if (secret.length > MAXIMUM_KEY_BYTES) throw new BugError(`RAKP key of more than ${MAXIMUM_KEY_BYTES} bytes`);
  const key = Buffer.alloc(MAXIMUM_KEY_BYTES);
  secret.copy(key);
  return key;
}

/**
 * The code of RAKP message 2: H[Kuid](SIDm, SIDc, Rm, Rc, GUIDc, ROLEm, ULENGTHm, UNAMEm).
 * @see IPMI v2.0 rev. 1.1 §13.31
 */
export function rakpMessage2Code(suite: CipherSuite, userKey: Buffer, exchange: RakpExchange): Buffer {
  const writer = new ByteWriter(8 + 3 * 16 + 2 + MAXIMUM_USER_NAME_BYTES);
  writer.u32le(exchange.remoteConsoleSessionId).u32le(exchange.managedSystemSessionId);
  writer.fixed(exchange.remoteConsoleRandom, 16).fixed(exchange.managedSystemRandom, 16);
  writer.fixed(exchange.managedSystemGuid, 16);
  writeIdentity(exchange, writer);
  return hash(suite, userKey, writer.done());
}

/** The code of RAKP message 3: H[Kuid](Rc, SIDm, ROLEm, ULENGTHm, UNAMEm). @see IPMI v2.0 rev. 1.1 §13.31 */
export function rakpMessage3Code(suite: CipherSuite, userKey: Buffer, exchange: RakpExchange): Buffer {
  const writer = new ByteWriter(16 + 4 + 2 + MAXIMUM_USER_NAME_BYTES);
  writer.fixed(exchange.managedSystemRandom, 16).u32le(exchange.remoteConsoleSessionId);
  writeIdentity(exchange, writer);
  return hash(suite, userKey, writer.done());
}

/**
 * The session integrity key: H[K_G](Rm, Rc, ROLEm, ULENGTHm, UNAMEm), with the user's key where no K_G is set
 * ("one-key" login).
 * @see IPMI v2.0 rev. 1.1 §13.31
 */
export function sessionIntegrityKey(suite: CipherSuite, key: Buffer, exchange: RakpExchange): Buffer {
  const writer = new ByteWriter(2 * 16 + 2 + MAXIMUM_USER_NAME_BYTES);
  writer.fixed(exchange.remoteConsoleRandom, 16).fixed(exchange.managedSystemRandom, 16);
  writeIdentity(exchange, writer);
  return hash(suite, key, writer.done());
}

/**
 * The check value of RAKP message 4: H[SIK](Rm, SIDc, GUIDc), cut as the authentication algorithm says.
 * @see IPMI v2.0 rev. 1.1 §13.28.1, §13.31
 */
export function rakpMessage4CheckValue(suite: CipherSuite, sik: Buffer, exchange: RakpExchange): Buffer {
  const writer = new ByteWriter(16 + 4 + 16);
  writer.fixed(exchange.remoteConsoleRandom, 16).u32le(exchange.managedSystemSessionId);
  writer.fixed(exchange.managedSystemGuid, 16);
  return hash(suite, sik, writer.done()).subarray(0, suite.checkValueBytes);
}

/**
 * The keys of the packets: K1 = H[SIK](01h x 20) signs, K2 = H[SIK](02h x 20) encrypts. The constants are 20 bytes
 * for every hash, SHA-256 too. MD5-128 is keyed by the password itself.
 * @see IPMI v2.0 rev. 1.1 §13.32, §13.28.4
 */
export function packetKeys(
  suite: CipherSuite,
  sik: Buffer,
  userKey: Buffer,
): { readonly k1: Buffer; readonly k2: Buffer } {
  const k2 = hash(suite, sik, Buffer.alloc(20, 0x02));
  if (suite.integrity === IntegrityAlgorithm.md5x128) return { k1: Buffer.from(userKey), k2 };
  return { k1: hash(suite, sik, Buffer.alloc(20, 0x01)), k2 };
}

/** Compares codes in constant time; other lengths are unequal. */
export function sameCode(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function writeIdentity(exchange: RakpExchange, writer: ByteWriter): void {
  writer.u8(exchange.role).u8(exchange.userName.length).bytes(exchange.userName);
}

/** Nothing, where the suite does not authenticate: its codes have no bytes. @see §13.28 "RAKP-none" */
function hash(suite: CipherSuite, key: Buffer, data: Buffer): Buffer {
  if (suite.hash === undefined) return Buffer.alloc(0);
  return createHmac(suite.hash, createSecretKey(key)).update(data).digest();
}
