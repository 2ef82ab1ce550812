import { BugError } from '../../../../foundation/errors.ts';
import { encodeDatagramV1 } from '../../../../protocols/ipmi/datagram.ts';
import {
  nextSequence,
  RECEIVE_WINDOW,
  receiveSequence,
  receiveWindowFrom,
} from '../../../../protocols/ipmi/receive-window.ts';
import { AuthenticationType } from '../../../../protocols/ipmi/session-v1.ts';
import { signSessionV1, verifySessionV1 } from '../../../../protocols/ipmi/session-v1-authentication.ts';
import { PayloadType } from '../../../../protocols/ipmi/session-v2.ts';
import type { SessionWire } from './session-wire.ts';

/**
 * Packets of an IPMI v1.5 session, each with an MD5 code, in the clear. A packet without the code is never taken, also
 * where the controller has per-message authentication switched off.
 * @param ids from Activate Session; `firstSequence`: the number our first packet carries; `firstReceived`: theirs
 * @param key the password as 16 bytes; taken over, wiped on disposal
 * @see IPMI v2.0 rev. 1.1 §6.12.8 to §6.12.13, §22.17.1
 */
export function createWireV15(
  ids: { readonly sessionId: number; readonly firstSequence: number; readonly firstReceived: number },
  key: Buffer,
  quirks: ReadonlySet<string>,
): SessionWire {
  const { sessionId } = ids;
  let received = receiveWindowFrom(ids.firstReceived);
  let next = ids.firstSequence;
  return {
    managedSystemSessionId: sessionId,
    ownSessionId: quirks.has('zero-session-id') ? 0 : sessionId,
    describe: 'IPMI 1.5 with MD5',
    signed: true,
    encrypted: false,
    carriesPayloads: false,
    seal(payloadType, payload) {
      if (payloadType !== PayloadType.ipmi) throw new BugError('IPMI v1.5 sessions carry IPMI messages only');
      const packet = { sessionId, sessionSequence: next, payload };
      next = nextSequence(next);
      return encodeDatagramV1(signSessionV1(packet, key));
    },
    open(datagram) {
      if (datagram.format !== 'v1.5') return 'v20-framing';
      const { session } = datagram;
      if (session.authenticationType !== AuthenticationType.md5) return 'unprotected';
      if (!verifySessionV1(session, key)) return 'bad-integrity';
      const sequence = session.sessionSequence;
      const number = quirks.has('big-endian-sequence') ? reversed(sequence) : sequence;
      const window = receiveSequence(received, number, RECEIVE_WINDOW);
      if (window === undefined) return 'replayed';
      received = window;
      return { payloadType: PayloadType.ipmi, payload: session.payload };
    },
    [Symbol.dispose]: () => void key.fill(0),
  };
}

/** The four bytes of a number in the other order. */
function reversed(value: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.readUInt32BE();
}
