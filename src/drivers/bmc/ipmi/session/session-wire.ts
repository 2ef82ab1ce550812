import type { IpmiDatagram } from '../../../../protocols/ipmi/datagram.ts';
import type { DropReason } from '../link/link.ts';

/** A payload of a session, proven to come from its other end and not seen before. */
export type AuthenticPayload = { readonly payloadType: number; readonly payload: Buffer };

/**
 * How the packets of one session look: numbers, signature and encryption of both directions. RMCP+ and IPMI v1.5 differ
 * in nothing else. Disposing wipes the keys.
 */
export type SessionWire = Disposable & {
  /** Our packets carry it: what the controller knows the session by. */
  readonly managedSystemSessionId: number;
  /** The controller's packets carry it. */
  readonly ownSessionId: number;
  /** For messages: "cipher suite 17", "IPMI 1.5 with MD5". */
  readonly describe: string;
  /** Packets carry an authentication code; without one, the checksums inside are all that tells spoilt bytes. */
  readonly signed: boolean;
  readonly encrypted: boolean;
  /** Payloads besides IPMI messages are possible: RMCP+ has them. */
  readonly carriesPayloads: boolean;
  /** The next packet with this payload, numbered anew in each transmission. */
  seal(payloadType: number, payload: Buffer): Buffer;
  /** Every check that a packet must pass, or the one that it failed. */
  open(datagram: IpmiDatagram): AuthenticPayload | DropReason;
};
