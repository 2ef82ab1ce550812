import type { ClientRequestArgs } from 'node:http';
import { connect } from 'node:net';
import { type ClientOptions, WebSocket } from 'ws';

/** How a WebSocket's request ended when it was not opened. */
export type SocketRefusal = { readonly status: number; readonly text: string };

const LARGEST_FRAME = 1024 * 1024;
const LARGEST_REFUSAL = 64 * 1024;

/**
 * Opens a WebSocket; it is paused, so that nothing is missed until somebody listens.
 * @param url `ws://…` or `wss://…`
 * @param socketPath the unix socket to reach it by, if it is one
 * @returns the service's answer when it does not open it
 * @throws what the connection failed with
 */
export function openSocket(
  url: string,
  token: string,
  { socketPath, answerMs }: { readonly socketPath: string | undefined; readonly answerMs: number },
): Promise<WebSocket | SocketRefusal> {
  const options: ClientOptions & ClientRequestArgs = {
    headers: { authorization: `Bearer ${token}` },
    handshakeTimeout: answerMs,
    maxPayload: LARGEST_FRAME,
    perMessageDeflate: false,
    ...(socketPath === undefined ? {} : { createConnection: () => connect(socketPath) }),
  };
  const socket = new WebSocket(url, options);
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.pause();
      resolve(socket);
    });
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (text.length < LARGEST_REFUSAL) text += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.once('error', reject);
    });
  });
}
