import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../../src/foundation/bytes/byte-reader.ts';
import { activateSession } from '../../../src/protocols/ipmi/commands/application/activate-session.ts';
import { getSessionChallenge } from '../../../src/protocols/ipmi/commands/application/get-session-challenge.ts';
import { decodeDatagram, encodeDatagramV1 } from '../../../src/protocols/ipmi/datagram.ts';
import { decodeIpmiRequest, decodeIpmiResponse } from '../../../src/protocols/ipmi/message.ts';
import { AuthenticationType, type SessionV1 } from '../../../src/protocols/ipmi/session-v1.ts';
import { signSessionV1, v1Key, verifySessionV1 } from '../../../src/protocols/ipmi/session-v1-authentication.ts';
import { loadRecording, recordingsV15 } from './recorded-sessions.ts';

const key = v1Key(Buffer.from('secret'));

function packets(name: string): { from: string; bytes: Buffer; session: SessionV1 }[] {
  return loadRecording(name).map(({ from, bytes }) => {
    const datagram = decodeDatagram(bytes);
    if (datagram.format !== 'v1.5') throw new Error('not v1.5');
    return { from, bytes, session: datagram.session };
  });
}

describe.each(recordingsV15)('%s', (name) => {
  const all = packets(name);
  const signed = all.filter(({ session }) => session.sessionId !== 0);
  const commandOf = ({ session }: { session: SessionV1 }): number => session.payload[5] ?? 0;
  const requestOf = (command: number) => all.find((each) => each.from === 'client' && commandOf(each) === command);
  const responseOf = (command: number) => all.find((each) => each.from === 'bmc' && commandOf(each) === command);

  test('every datagram is read and written back byte for byte', () => {
    for (const { bytes, session } of all) expect(encodeDatagramV1(session).toString('hex')).toBe(bytes.toString('hex'));
  });

  test('every packet of the session has the MD5 code that we compute, and another password another', () => {
    expect(signed.length).toBeGreaterThanOrEqual(8);
    for (const { bytes, session } of signed) {
      expect(verifySessionV1(session, key)).toBe(true);
      expect(verifySessionV1(session, v1Key(Buffer.from('Secret')))).toBe(false);
      expect(encodeDatagramV1(signSessionV1(session, key)).toString('hex')).toBe(bytes.toString('hex'));
    }
  });

  test('the challenge is for "admin", and given back', () => {
    const request = decodeIpmiRequest(new ByteReader(requestOf(0x39)?.session.payload ?? Buffer.alloc(0)));
    const { authenticationType, userName } = getSessionChallenge.decodeRequest(new ByteReader(request.data));
    expect([authenticationType, userName.toString()]).toEqual([AuthenticationType.md5, 'admin']);
    const response = decodeIpmiResponse(new ByteReader(responseOf(0x39)?.session.payload ?? Buffer.alloc(0)));
    const { temporarySessionId, challenge } = getSessionChallenge.decodeResponse(new ByteReader(response.data));
    const activation = requestOf(0x3a)?.session;
    expect(activation).toMatchObject({ sessionId: temporarySessionId, sessionSequence: 0 });
    const asked = decodeIpmiRequest(new ByteReader(activation?.payload ?? Buffer.alloc(0)));
    expect(activateSession.decodeRequest(new ByteReader(asked.data)).challenge).toEqual(challenge);
  });

  test('the activation is answered under the temporary id with the number that the console chose', () => {
    const activation = requestOf(0x3a)?.session;
    const asked = decodeIpmiRequest(new ByteReader(activation?.payload ?? Buffer.alloc(0)));
    const { initialOutboundSequence } = activateSession.decodeRequest(new ByteReader(asked.data));
    const answer = responseOf(0x3a)?.session;
    expect(answer).toMatchObject({ sessionId: activation?.sessionId, sessionSequence: initialOutboundSequence });
    const told = decodeIpmiResponse(new ByteReader(answer?.payload ?? Buffer.alloc(0)));
    const { sessionId, initialInboundSequence } = activateSession.decodeResponse(new ByteReader(told.data));
    const [next] = signed.filter(({ from }) => from === 'client').slice(1);
    expect(next?.session).toMatchObject({ sessionId, sessionSequence: initialInboundSequence });
  });
});
