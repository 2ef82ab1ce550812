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

/** Who may use a suite: `default` unasked, `listed` when an entry names it, `insecure` when it also says so in words. */
export type SuiteAdmission = 'default' | 'listed' | 'insecure';

/** A named combination of algorithms, with what follows from them. */
export type CipherSuite = SessionAlgorithms & {
  readonly id: number;
  readonly admission: SuiteAdmission;
  /** Hash of the RAKP codes and of the key derivation; undefined: the login is not authenticated at all. */
  readonly hash: 'sha1' | 'md5' | 'sha256' | undefined;
  /** Bytes of a RAKP message 2 or 3 code: the whole hash. @see §13.28.1, §13.28.1b, §13.28.2 */
  readonly keyExchangeCodeBytes: 0 | 16 | 20 | 32;
  /** Bytes of the RAKP message 4 check value: cut as the *authentication* algorithm says. @see §13.28.1 */
  readonly checkValueBytes: 0 | 12 | 16;
  /** Bytes of a packet's authentication code; 0: packets are not signed. @see §13.28.4 */
  readonly integrityCodeBytes: 0 | 12 | 16;
};

const hashes = {
  [AuthenticationAlgorithm.none]: { hash: undefined, keyExchangeCodeBytes: 0, checkValueBytes: 0 },
  [AuthenticationAlgorithm.hmacSha1]: { hash: 'sha1', keyExchangeCodeBytes: 20, checkValueBytes: 12 },
  [AuthenticationAlgorithm.hmacMd5]: { hash: 'md5', keyExchangeCodeBytes: 16, checkValueBytes: 16 },
  [AuthenticationAlgorithm.hmacSha256]: { hash: 'sha256', keyExchangeCodeBytes: 32, checkValueBytes: 16 },
} as const;

const codeBytes = {
  [IntegrityAlgorithm.none]: 0,
  [IntegrityAlgorithm.hmacSha1x96]: 12,
  [IntegrityAlgorithm.hmacMd5x128]: 16,
  [IntegrityAlgorithm.md5x128]: 16,
  [IntegrityAlgorithm.hmacSha256x128]: 16,
} as const;

function suite(
  id: number,
  admission: SuiteAdmission,
  authentication: keyof typeof hashes,
  integrity: keyof typeof codeBytes,
  confidentiality: 0 | 1,
): CipherSuite {
  const derived = { ...hashes[authentication], integrityCodeBytes: codeBytes[integrity] };
  return { id, admission, authentication, integrity, confidentiality, ...derived };
}

/**
 * Every suite of the specification without RC4. 3 and 17 authenticate, sign and encrypt by SHA. 8, 12 (MD5) and 16 (signed,
 * in the clear) are for controllers that have nothing better and must be named. The rest leaves packets unsigned, or
 * unsigned and unauthenticated, or in the clear under MD5.
 * @see IPMI v2.0 rev. 1.1 §22.15.2, Table 22-20
 */
export const cipherSuites: readonly CipherSuite[] = [
  suite(0, 'insecure', 0, 0, 0),
  suite(1, 'insecure', 1, 0, 0),
  suite(2, 'insecure', 1, 1, 0),
  suite(3, 'default', 1, 1, 1),
  suite(6, 'insecure', 2, 0, 0),
  suite(7, 'insecure', 2, 2, 0),
  suite(8, 'listed', 2, 2, 1),
  suite(11, 'insecure', 2, 3, 0),
  suite(12, 'listed', 2, 3, 1),
  suite(15, 'insecure', 3, 0, 0),
  suite(16, 'listed', 3, 4, 0),
  suite(17, 'default', 3, 4, 1),
];

const byId = new Map(cipherSuites.map((each) => [each.id, each]));

/** The implemented suite with this id, if it is one. */
export function cipherSuiteById(id: number): CipherSuite | undefined {
  return byId.get(id);
}

/** The implemented suite made of exactly these algorithms, if there is one. */
export function cipherSuiteOf(algorithms: SessionAlgorithms): CipherSuite | undefined {
  return cipherSuites.find((each) => sameAlgorithms(each, algorithms));
}

/** Whether packets are signed. */
export function signsPackets(algorithms: SessionAlgorithms): boolean {
  return algorithms.integrity !== IntegrityAlgorithm.none;
}

/** Whether payloads are encrypted. */
export function encryptsPackets(algorithms: SessionAlgorithms): boolean {
  return algorithms.confidentiality !== ConfidentialityAlgorithm.none;
}

export function sameAlgorithms(a: SessionAlgorithms, b: SessionAlgorithms): boolean {
  return (
    a.authentication === b.authentication && a.integrity === b.integrity && a.confidentiality === b.confidentiality
  );
}

export function describeAlgorithms(algorithms: SessionAlgorithms): string {
  return `authentication ${algorithms.authentication}, integrity ${algorithms.integrity}, confidentiality ${algorithms.confidentiality}`;
}
