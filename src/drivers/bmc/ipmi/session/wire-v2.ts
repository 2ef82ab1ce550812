import type { Entropy } from '../../../../foundation/entropy.ts';
import { encryptsPackets, signsPackets } from '../../../../protocols/ipmi/cipher-suites.ts';
import {
  encodeProtectedDatagram,
  openProtectedPayload,
  type SessionProtection,
} from '../../../../protocols/ipmi/protected-payload.ts';
import { emptyReceiveWindow, nextSequence, receiveSequence } from '../../../../protocols/ipmi/receive-window.ts';
import type { SessionWire } from './session-wire.ts';

const NO_VECTOR = Buffer.alloc(0);

/**
 * Packets of an RMCP+ session.
 * @param protection taken over: its keys are wiped on disposal
 * @see IPMI v2.0 rev. 1.1 §13.6, §6.12.13
 */
export function createWireV2(
  deps: { readonly entropy: Entropy },
  ids: { readonly remoteConsoleSessionId: number; readonly managedSystemSessionId: number },
  protection: SessionProtection,
): SessionWire {
  const { entropy } = deps;
  const { managedSystemSessionId } = ids;
  const { suite } = protection;
  let received = emptyReceiveWindow;
  let lastSent = 0;
  return {
    managedSystemSessionId,
    ownSessionId: ids.remoteConsoleSessionId,
    describe: `cipher suite ${suite.id}`,
    signed: signsPackets(suite),
    encrypted: encryptsPackets(suite),
    carriesPayloads: true,
    seal(payloadType, payload) {
      lastSent = nextSequence(lastSent);
      const packet = { payloadType, sessionId: managedSystemSessionId, sessionSequence: lastSent, payload };
      return encodeProtectedDatagram(packet, protection, encryptsPackets(suite) ? entropy.bytes(16) : NO_VECTOR);
    },
    open(datagram) {
      if (datagram.format !== 'v2.0') return 'v15-framing';
      const { session, signed } = datagram;
      const payload = openProtectedPayload(session, signed, protection);
      if (typeof payload === 'string') return payload;
      const window = receiveSequence(received, session.sessionSequence);
      // An unsigned packet may carry number 0; it has nothing to be told from a repeat by. Requests are matched all the same.
      if (window === undefined && (signsPackets(suite) || session.sessionSequence !== 0)) return 'replayed';
      received = window ?? received;
      return { payloadType: session.payloadType, payload };
    },
    [Symbol.dispose]() {
      protection.k1.fill(0);
      protection.k2.fill(0);
    },
  };
}
