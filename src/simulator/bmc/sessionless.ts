import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { DecodeError } from '../../foundation/errors.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import { getChannelCipherSuites } from '../../protocols/ipmi/commands/application/get-channel-cipher-suites.ts';
import { encodeDatagramV1, encodeDatagramV2 } from '../../protocols/ipmi/datagram.ts';
import { decodeIpmiRequest } from '../../protocols/ipmi/message.ts';
import { AuthenticationType, type SessionV1, sessionlessV1 } from '../../protocols/ipmi/session-v1.ts';
import { PayloadType, type SessionV2, sessionlessV2 } from '../../protocols/ipmi/session-v2.ts';
import type { BmcCore } from './core.ts';
import { openSession, rakpMessage1, rakpMessage3 } from './handshake.ts';
import { performRequest } from './requests.ts';
import { sendInSession } from './session-v20.ts';

/** Takes a v2.0 packet outside any session: the handshake, or a request that needs none. @see §13.17 to §13.23 */
export function receiveSessionlessV20(core: BmcCore, { payloadType, payload }: SessionV2, from: UdpPeer): void {
  const answer = (type: number, answered: Buffer | undefined): void => {
    if (answered) core.send(encodeDatagramV2(sessionlessV2(type, answered)), from);
  };
  switch (payloadType) {
    case PayloadType.openSessionRequest:
      answer(PayloadType.openSessionResponse, openSession(core, payload));
      break;
    case PayloadType.rakpMessage1:
      answer(PayloadType.rakpMessage2, rakpMessage1(core, payload));
      break;
    case PayloadType.rakpMessage3: {
      const { message4, inSession } = rakpMessage3(core, payload, from) ?? {};
      if (inSession === undefined) answer(PayloadType.rakpMessage4, message4);
      else if (message4) answerInSession(core, inSession, message4);
      break;
    }
    case PayloadType.ipmi:
      if (!ignored(core, payload)) answer(PayloadType.ipmi, performRequest(core, payload, undefined));
      break;
    default:
      throw new DecodeError(`payload type ${payloadType} is not for a BMC`);
  }
}

/** Takes a v1.5 packet outside any session. @see IPMI v2.0 rev. 1.1 §13.6 */
export function receiveSessionlessV15(core: BmcCore, session: SessionV1, from: UdpPeer): void {
  if (session.authenticationType !== AuthenticationType.none) throw new DecodeError('authenticated outside a session');
  if (ignored(core, session.payload)) return;
  core.send(encodeDatagramV1(sessionlessV1(performRequest(core, session.payload, undefined))), from);
}

function answerInSession(core: BmcCore, id: number, message4: Buffer): void {
  const session = core.sessions.find(id);
  if (session?.state === 'active' && session.format === 'v2.0') {
    sendInSession(core, session, PayloadType.rakpMessage4, message4);
  }
}

/** Whether this controller is silent when asked this outside a session. */
function ignored({ personality }: BmcCore, payload: Buffer): boolean {
  if (personality.cipherSuiteQuery === 'answered') return false;
  const { netFn, command } = decodeIpmiRequest(new ByteReader(payload));
  return netFn === getChannelCipherSuites.netFn && command === getChannelCipherSuites.command;
}
