import { DecodeError } from '../../foundation/errors.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import { encodeDatagramV1, encodeDatagramV2 } from '../../protocols/ipmi/datagram.ts';
import { AuthenticationType, type SessionV1, sessionlessV1 } from '../../protocols/ipmi/session-v1.ts';
import { PayloadType, type SessionV2, sessionlessV2 } from '../../protocols/ipmi/session-v2.ts';
import type { BmcCore } from './core.ts';
import { performRequest } from './requests.ts';

/** Takes a v2.0 packet outside any session: the handshake, or a request that needs none. @see §13.17 to §13.23 */
export function receiveSessionlessV20(core: BmcCore, session: SessionV2, from: UdpPeer): void {
  const answer = answerV20(core, session, from);
  if (answer) core.send(encodeDatagramV2(answer), from);
}

function answerV20(core: BmcCore, { payloadType, payload }: SessionV2, from: UdpPeer) {
  const wrapped = (type: number, answer: Buffer | undefined): SessionV2 | undefined =>
    answer && sessionlessV2(type, answer);
  switch (payloadType) {
    case PayloadType.openSessionRequest:
      return wrapped(PayloadType.openSessionResponse, core.handshake.openSession(payload));
    case PayloadType.rakpMessage1:
      return wrapped(PayloadType.rakpMessage2, core.handshake.rakpMessage1(payload));
    case PayloadType.rakpMessage3:
      return wrapped(PayloadType.rakpMessage4, core.handshake.rakpMessage3(payload, from));
    case PayloadType.ipmi:
      return wrapped(PayloadType.ipmi, performRequest(core, payload, undefined));
    default:
      throw new DecodeError(`payload type ${payloadType} is not for a BMC`);
  }
}

/** Takes a v1.5 packet outside any session. @see IPMI v2.0 rev. 1.1 §13.6 */
export function receiveSessionlessV15(core: BmcCore, session: SessionV1, from: UdpPeer): void {
  if (session.authenticationType !== AuthenticationType.none) throw new DecodeError('v1.5 sessions are not simulated');
  core.send(encodeDatagramV1(sessionlessV1(performRequest(core, session.payload, undefined))), from);
}
