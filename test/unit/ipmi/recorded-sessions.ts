import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ByteReader } from '../../../src/foundation/bytes/byte-reader.ts';
import { cipherSuiteOf } from '../../../src/protocols/ipmi/cipher-suites.ts';
import { decodeDatagram } from '../../../src/protocols/ipmi/datagram.ts';
import { decodeOpenSessionResponse } from '../../../src/protocols/ipmi/open-session.ts';
import type { SessionProtection } from '../../../src/protocols/ipmi/protected-payload.ts';
import { packetKeys, type RakpExchange, rakpKey, sessionIntegrityKey } from '../../../src/protocols/ipmi/rakp/keys.ts';
import { decodeRakpMessage1 } from '../../../src/protocols/ipmi/rakp/rakp-message-1.ts';
import { decodeRakpMessage2 } from '../../../src/protocols/ipmi/rakp/rakp-message-2.ts';
import { PayloadType, type SessionV2 } from '../../../src/protocols/ipmi/session-v2.ts';

export type RecordedDatagram = { readonly from: 'client' | 'bmc'; readonly bytes: Buffer };

/** What the handshake of a recording says, and the keys it leads to. */
export type RecordedSession = {
  readonly datagrams: readonly RecordedDatagram[];
  readonly exchange: RakpExchange;
  readonly protection: SessionProtection;
  readonly userKey: Buffer;
  readonly sik: Buffer;
};

/** RMCP+ sessions, one at least of every suite. */
export const recordings: readonly string[] = [
  'ipmitool-ipmi-sim-suite-3-chassis-status.txt',
  'ipmitool-ipmi-sim-suite-3-mc-info.txt',
  'ipmitool-ipmi-sim-suite-3-bootdev.txt',
  'ipmitool-ipmi-sim-suite-3-power-cycle.txt',
  'ipmitool-suite-17-chassis-status.txt',
  ...[1, 2, 6].map((suite) => `ipmitool-ipmi-sim-suite-${suite}.txt`),
  ...[0, 7, 8, 15, 16].map((suite) => `ipmitool-suite-${suite}.txt`),
  ...[11, 12].map((suite) => `ipmipower-suite-${suite}.txt`),
];

/** Sessions of IPMI 1.5 with MD5. */
export const recordingsV15 = ['ipmitool-ipmi-sim-v15.txt', 'ipmipower-v15.txt'];

export function loadRecording(name: string): readonly RecordedDatagram[] {
  const text = readFileSync(join(import.meta.dirname, 'recorded', name), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [from, hex = ''] = line.split(' ');
      return { from: from === 'client' ? 'client' : 'bmc', bytes: Buffer.from(hex, 'hex') };
    });
}

export function loadSession(name: string): RecordedSession {
  return sessionOf(loadRecording(name));
}

/** The keys of the session that these datagrams set up, given the password `secret`. */
export function sessionOf(datagrams: readonly RecordedDatagram[]): RecordedSession {
  const opened = decodeOpenSessionResponse(new ByteReader(payloadOf(datagrams, PayloadType.openSessionResponse)));
  const message1 = decodeRakpMessage1(new ByteReader(payloadOf(datagrams, PayloadType.rakpMessage1)));
  const message2 = decodeRakpMessage2(new ByteReader(payloadOf(datagrams, PayloadType.rakpMessage2)));
  if ('refused' in opened || 'refused' in message2) throw new Error('no session');
  const suite = cipherSuiteOf(opened.algorithms);
  if (suite === undefined) throw new Error('no suite of ours');
  const { role, userName, remoteConsoleRandom } = message1;
  const { managedSystemRandom, managedSystemGuid } = message2;
  const { remoteConsoleSessionId, managedSystemSessionId } = opened;
  const exchange = {
    remoteConsoleSessionId,
    managedSystemSessionId,
    remoteConsoleRandom,
    managedSystemRandom,
    managedSystemGuid,
    role,
    userName,
  };
  const userKey = rakpKey(Buffer.from('secret'));
  const sik = sessionIntegrityKey(suite, userKey, exchange);
  return { datagrams, exchange, userKey, sik, protection: { suite, ...packetKeys(suite, sik, userKey) } };
}

/** The payload of the one handshake message of this type. */
export function payloadOf(datagrams: readonly RecordedDatagram[], payloadType: number): Buffer {
  for (const { bytes } of datagrams) {
    const packet = v2(bytes);
    if (packet?.payloadType === payloadType && packet.sessionId === 0) return packet.payload;
  }
  throw new Error(`no payload of type ${payloadType}`);
}

export function v2(bytes: Buffer): SessionV2 | undefined {
  const datagram = decodeDatagram(bytes);
  return datagram.format === 'v2.0' ? datagram.session : undefined;
}
