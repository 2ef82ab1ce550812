import type { IpmiRequester } from '../drivers/bmc/ipmi/requester.ts';
import {
  AuthenticationAlgorithm,
  ConfidentialityAlgorithm,
  cipherSuiteById,
  IntegrityAlgorithm,
  type SuiteAdmission,
} from '../protocols/ipmi/cipher-suites.ts';
import { PRESENT_CHANNEL } from '../protocols/ipmi/commands/application/get-channel-authentication-capabilities.ts';
import {
  CIPHER_SUITE_CHUNK_BYTES,
  type CipherSuiteRecord,
  decodeCipherSuiteRecords,
  getChannelCipherSuites,
} from '../protocols/ipmi/commands/application/get-channel-cipher-suites.ts';
import { PayloadType } from '../protocols/ipmi/session-v2.ts';

/** A cipher suite that a channel offers; a record may name several algorithms of a kind. */
export type OfferedCipherSuite = {
  readonly id: number;
  /** IANA enterprise number; there for suites of a maker's own. */
  readonly oemIana?: number;
  /** By the specification's numbers: "hmacSha256", "none"; "algorithm 48" for what has no name. */
  readonly authentication: readonly string[];
  readonly integrity: readonly string[];
  readonly confidentiality: readonly string[];
  /** How this client takes the suite: unasked, when `cipherSuites` lists it, when it is allowed as insecure too, or never. */
  readonly admission: SuiteAdmission | 'never';
};

/** The list index has 6 bits: a list cannot be longer, whatever a controller answers. */
const MOST_CHUNKS = 64;

/**
 * @throws CompletionCodeError when refused; DecodeError when the list breaks its format
 * @see IPMI v2.0 rev. 1.1 §22.15
 */
export async function readCipherSuites(
  requester: IpmiRequester,
  channel: number = PRESENT_CHANNEL,
  signal: AbortSignal,
): Promise<readonly OfferedCipherSuite[]> {
  const chunks: Buffer[] = [];
  for (let listIndex = 0; listIndex < MOST_CHUNKS; listIndex++) {
    const request = { channel, payloadType: PayloadType.ipmi, listSuites: true, listIndex };
    const { records } = await requester.ask(getChannelCipherSuites, request, signal);
    chunks.push(records);
    if (records.length < CIPHER_SUITE_CHUNK_BYTES) break;
  }
  return decodeCipherSuiteRecords(Buffer.concat(chunks)).map(offered);
}

function offered(record: CipherSuiteRecord): OfferedCipherSuite {
  const { id, oemIana, authentication, integrity, confidentiality } = record;
  return {
    id,
    ...(oemIana === undefined ? {} : { oemIana }),
    authentication: authentication.map((algorithm) => nameIn(AuthenticationAlgorithm, algorithm)),
    integrity: integrity.map((algorithm) => nameIn(IntegrityAlgorithm, algorithm)),
    confidentiality: confidentiality.map((algorithm) => nameIn(ConfidentialityAlgorithm, algorithm)),
    admission: oemIana === undefined ? (cipherSuiteById(id)?.admission ?? 'never') : 'never',
  };
}

function nameIn(algorithms: Readonly<Record<string, number>>, wanted: number): string {
  return Object.entries(algorithms).find(([, number]) => number === wanted)?.[0] ?? `algorithm ${wanted}`;
}
