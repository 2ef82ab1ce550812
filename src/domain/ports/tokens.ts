/** What a bearer of a token may do; each role includes the ones before it, and `unlocker` those of `operator`. */
export const TOKEN_ROLES = ['viewer', 'operator', 'unlocker', 'admin'] as const;
export type TokenRole = (typeof TOKEN_ROLES)[number];

/** A bearer token of the API. The token itself is shown once when it is made and kept nowhere. */
export type Token = {
  readonly id: string;
  readonly name: string;
  readonly role: TokenRole;
  /** SHA-256 of the token, 64 hexadecimal digits in lower case. */
  readonly hash: string;
  readonly createdAt: number;
  /** To the minute; null when it was never used. */
  readonly lastUsedAt: number | null;
};

export type Tokens = {
  /** @throws InvalidRequestError when the hash is no SHA-256; ConflictError when it is there already */
  create(token: Pick<Token, 'name' | 'role' | 'hash'>): Promise<Token>;
  findByHash(hash: string): Promise<Token | undefined>;
  /** Notes that it was used now; written at most once a minute. */
  touch(id: string): Promise<void>;
  /** Oldest first. */
  list(): Promise<readonly Token[]>;
  /** @throws NotFoundError */
  remove(id: string): Promise<void>;
};
