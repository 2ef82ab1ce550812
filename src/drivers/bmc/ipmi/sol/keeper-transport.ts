import { RefusedError } from '../../../../foundation/errors.ts';
import { PayloadType } from '../../../../protocols/ipmi/session-v2.ts';
import type { IpmiBoard } from '../board.ts';
import type { OpenSolTransport } from './sol-transport.ts';

/**
 * Consoles over the session that a board's commands share: one session per BMC is what many controllers have room for,
 * and the console's keep-alive serves the commands as well. It ends with that session; whoever wants the console back
 * opens another transport.
 */
export function keeperTransport({ name, port, keeper }: IpmiBoard): OpenSolTransport {
  return async (signal) => {
    const held = keeper.hold();
    try {
      const session = await keeper.session(signal);
      if (!session.carriesPayloads) {
        throw new RefusedError(`console of BMC ${name}: IPMI 1.5 has no Serial over LAN; use version 2.0`);
      }
      return {
        name,
        port,
        requester: keeper.requesterIn(session),
        managedSystemSessionId: session.managedSystemSessionId,
        signed: session.signed,
        encrypted: session.encrypted,
        send: (payload) => session.sendPayload(PayloadType.sol, payload),
        onPayload: (receiver) => session.onPayload(PayloadType.sol, receiver),
        ended: session.ended,
        [Symbol.asyncDispose]: async () => held[Symbol.dispose](),
      };
    } catch (error) {
      held[Symbol.dispose]();
      throw error;
    }
  };
}
