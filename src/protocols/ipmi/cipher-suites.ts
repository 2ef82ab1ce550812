/** RAKP authentication algorithms. @see IPMI v2.0 rev. 1.1 §13.28, Table 13-17 */
export const AuthenticationAlgorithm = { none: 0, hmacSha1: 1, hmacMd5: 2, hmacSha256: 3 } as const;

/** Integrity algorithms. @see IPMI v2.0 rev. 1.1 §13.28.4, Table 13-18 */
export const IntegrityAlgorithm = { none: 0, hmacSha1x96: 1, hmacMd5x128: 2, md5x128: 3, hmacSha256x128: 4 } as const;

/** Confidentiality algorithms. @see IPMI v2.0 rev. 1.1 §13.28.5, Table 13-19 */
export const ConfidentialityAlgorithm = { none: 0, aesCbc128: 1, xrc4x128: 2, xrc4x40: 3 } as const;

/** The three algorithms that a session uses, as numbers on the wire. */
export type SessionAlgorithms = {
  readonly authentication: number;
  readonly integrity: number;
  readonly confidentiality: number;
};

/** A suite that authenticates, signs and encrypts: the only kind a session is opened with. */
export type CipherSuite = SessionAlgorithms & {
  readonly id: number;
  /** Hash of the RAKP codes, of the key derivation and of the packet's authentication code. */
  readonly hash: 'sha1' | 'sha256';
  /** Bytes of a RAKP message 2 or 3 code: the whole hash. @see §13.28.1, §13.28.1b */
  readonly keyExchangeCodeBytes: 20 | 32;
  /** Bytes of the RAKP message 4 check value and of a packet's authentication code: the cut hash. @see §13.28.4 */
  readonly integrityCodeBytes: 12 | 16;
};

/**
 * The suites implemented. Those without signature or encryption (0, 1, 2, 6, 7, 15, 16), with RC4, or with MD5 are
 * left out on purpose: see the README's decisions.
 * @see IPMI v2.0 rev. 1.1 §22.15.2, Table 22-20
 */
export const cipherSuites: readonly CipherSuite[] = [
  {
    id: 3,
    authentication: AuthenticationAlgorithm.hmacSha1,
    integrity: IntegrityAlgorithm.hmacSha1x96,
    confidentiality: ConfidentialityAlgorithm.aesCbc128,
    hash: 'sha1',
    keyExchangeCodeBytes: 20,
    integrityCodeBytes: 12,
  },
  {
    id: 17,
    authentication: AuthenticationAlgorithm.hmacSha256,
    integrity: IntegrityAlgorithm.hmacSha256x128,
    confidentiality: ConfidentialityAlgorithm.aesCbc128,
    hash: 'sha256',
    keyExchangeCodeBytes: 32,
    integrityCodeBytes: 16,
  },
];

/** The implemented suite with this id, if it is one. */
export function cipherSuiteById(id: number): CipherSuite | undefined {
  return cipherSuites.find((suite) => suite.id === id);
}

/** The implemented suite made of exactly these algorithms, if there is one. */
export function cipherSuiteOf(algorithms: SessionAlgorithms): CipherSuite | undefined {
  return cipherSuites.find((suite) => sameAlgorithms(suite, algorithms));
}

export function sameAlgorithms(a: SessionAlgorithms, b: SessionAlgorithms): boolean {
  return (
    a.authentication === b.authentication && a.integrity === b.integrity && a.confidentiality === b.confidentiality
  );
}

export function describeAlgorithms(algorithms: SessionAlgorithms): string {
  return `authentication ${algorithms.authentication}, integrity ${algorithms.integrity}, confidentiality ${algorithms.confidentiality}`;
}
