import { type IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ProblemAnswer } from '../problem.ts';

/** Answers an upgrade that is not done with a problem document, as any other request is, and ends the connection. */
export function refuseUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  problem: ProblemAnswer,
  requestId: string,
): void {
  if (!(socket instanceof Socket) || socket.destroyed) {
    socket.destroy();
    return;
  }
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.writeHead(problem.status, {
    ...problem.headers,
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    'X-Request-Id': requestId,
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
  });
  response.end(JSON.stringify(problem.body), () => socket.destroySoon());
}
