import { DecodeError } from '../../../foundation/errors.ts';
import { PayloadType } from '../../../protocols/ipmi/session-v2.ts';
import type { BmcCore } from '../core.ts';
import { sendInSession } from '../session-v20.ts';
import type { SerialLine } from './serial-line.ts';
import type { SolBehaviour } from './sol-behaviour.ts';
import { createSolServer } from './sol-server.ts';

/**
 * Puts a serial console into a controller: its commands find it in their context, its packets go through the sessions.
 * @param port the UDP port that the controller listens on, known once it does
 * @param signal ends everything
 */
export function attachSol(
  core: BmcCore,
  line: SerialLine,
  options: Partial<SolBehaviour>,
  port: () => number,
  signal: AbortSignal,
): void {
  const { clock, sessions, context, payloads } = core;
  const send = (sessionId: number, payload: Buffer): void => {
    const session = sessions.find(sessionId);
    if (session?.state === 'active' && session.format === 'v2.0') {
      sendInSession(core, session, PayloadType.sol, payload);
    }
  };
  const server = createSolServer({ clock, line, send, port }, options, signal);
  context.sol = server;
  payloads.set(PayloadType.sol, {
    receive(session, payload) {
      if (server.owner() !== session.id) throw new DecodeError('SOL is not active in this session');
      server.receive(session.id, payload);
    },
    ended: (session) => server.sessionEnded(session.id),
  });
}
