import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { DecodeError } from '../../foundation/errors.ts';

const BLOCK_BYTES = 16;

/**
 * Encrypts a payload with AES-CBC-128.
 *   0-15  initialization vector, in clear
 *   16-   ciphertext of: payload, pad bytes 01h 02h 03h ..., pad length
 * @param k2 20 or more bytes, of which the first 16 are the key
 * @param vector 16 fresh random bytes
 * @see IPMI v2.0 rev. 1.1 §13.29.2, Table 13-20
 */
export function encryptPayload(k2: Buffer, vector: Buffer, payload: Buffer): Buffer {
  const padLength = (BLOCK_BYTES - ((payload.length + 1) % BLOCK_BYTES)) % BLOCK_BYTES;
  const pad = Buffer.alloc(padLength + 1, padLength);
  for (let i = 0; i < padLength; i++) pad[i] = i + 1;
  const cipher = createCipheriv('aes-128-cbc', aesKey(k2), vector).setAutoPadding(false);
  return Buffer.concat([vector, cipher.update(payload), cipher.update(pad), cipher.final()]);
}

/**
 * Decrypts a payload; call it only after the packet's authentication code was found right.
 * @returns a new buffer
 * @throws DecodeError when the length is not whole blocks after a vector, or the pad is not 01h 02h 03h ...
 * @see IPMI v2.0 rev. 1.1 §13.29.2, Table 13-20
 */
export function decryptPayload(k2: Buffer, encrypted: Buffer): Buffer {
  if (encrypted.length < 2 * BLOCK_BYTES || encrypted.length % BLOCK_BYTES !== 0) {
    throw new DecodeError(`encrypted payload of ${encrypted.length} bytes is not a vector and whole blocks`);
  }
  const vector = encrypted.subarray(0, BLOCK_BYTES);
  const decipher = createDecipheriv('aes-128-cbc', aesKey(k2), vector).setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(encrypted.subarray(BLOCK_BYTES)), decipher.final()]);
  const padLength = plain.at(-1) ?? 0;
  if (padLength >= BLOCK_BYTES) throw new DecodeError(`confidentiality pad of ${padLength} bytes is too long`);
  const length = plain.length - 1 - padLength;
  for (let i = 0; i < padLength; i++) {
    if (plain[length + i] !== i + 1) throw new DecodeError('confidentiality pad bytes are not 01h 02h 03h ...');
  }
  return plain.subarray(0, length);
}

/** As a key object: a bare buffer takes Node 24 five times as long, as measured. */
function aesKey(k2: Buffer): KeyObject {
  return createSecretKey(k2.subarray(0, BLOCK_BYTES));
}
