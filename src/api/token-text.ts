import { createHash } from 'node:crypto';
import type { Tokens } from '../domain/ports/tokens.ts';
import { type Entropy, randomId } from '../foundation/entropy.ts';

/** The prefix lets secret scanners and people tell what was pasted. */
const PREFIX = 'bw_';
/** 5 bits each: 160 bits, so that hashing once, without salt or stretching, is enough. */
const RANDOM_CHARACTERS = 32;
const SHAPE = /^bw_[0-9a-hjkmnp-tv-z]{32}$/;

/** A fresh token; show it once and keep its hash only. */
export function newTokenText(entropy: Entropy): string {
  return PREFIX + randomId(entropy, RANDOM_CHARACTERS);
}

/** SHA-256 in lower-case hexadecimal: what is stored and looked up. */
export function hashOfToken(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

export function isTokenText(text: string): boolean {
  return SHAPE.test(text);
}

/**
 * On the first start, when there is no token at all, makes one for an administrator.
 * @returns the token, for `main` to print once; undefined when there are tokens already
 */
export async function createFirstToken(tokens: Tokens, entropy: Entropy): Promise<string | undefined> {
  if ((await tokens.list()).length > 0) return undefined;
  const text = newTokenText(entropy);
  await tokens.create({ name: 'admin', role: 'admin', hash: hashOfToken(text) });
  return text;
}
