import type { Socket } from 'node:net';
import ssh2, { type Client, type ParsedKey, type ServerHostKeyAlgorithm } from 'ssh2';
import type { Clock } from '../../foundation/clock.ts';
import { AuthenticationError, errorText, UnreachableError } from '../../foundation/errors.ts';
import { dial } from './dial.ts';
import { type HostKey, hostKeyOf } from './host-key.ts';

export type HandshakeOptions = {
  readonly describe: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Offered to the server, so that it shows a key that can be compared. */
  readonly algorithms: readonly string[];
  /** Called with the key shown, before anything of ours is sent; false ends the connection. */
  readonly accept: (key: HostKey) => boolean;
  /** Our key; absent: the connection ends when the server has proven its own. */
  readonly identity?: ParsedKey;
};

/** What the handshake came to. */
export type Handshake =
  /** With an identity: authenticated, the client is open. */
  | { readonly kind: 'open'; readonly client: Client; readonly socket: Socket; readonly key: HostKey }
  /** Without: the server proved that it holds this key; the connection is closed. */
  | { readonly kind: 'proven'; readonly key: HostKey }
  /** `accept` said no; whether the server holds the key was not tried. */
  | { readonly kind: 'not-accepted'; readonly key: HostKey }
  /** It speaks SSH, but has no host key of the types asked for. */
  | { readonly kind: 'no-such-key'; readonly why: string };

/** Interval and count of keep-alives: a machine that was switched off is noticed after 15 to 20 s. */
const KEEPALIVE_MS = 5_000;
const KEEPALIVE_COUNT = 3;

/**
 * Connects, exchanges keys, checks the host key and, when given an identity, authenticates with it and nothing else: no
 * agent, no password, no `none` probe, no forwarding.
 *
 * The package asks for the verdict on a host key before it checks the server's signature, so a key that was accepted is
 * proven only at its `handshake` event. A second trap: it goes on to authenticate by itself, so a mere look needs an
 * authentication handler that never answers.
 * @throws UnreachableError, AuthenticationError when our key is refused; the signal's reason
 */
export async function handshake(clock: Clock, options: HandshakeOptions, signal: AbortSignal): Promise<Handshake> {
  const { describe, accept, identity, user } = options;
  const socket = await dial(clock, options.address, options.port, signal);
  const client = new ssh2.Client();
  let shown: HostKey | undefined;
  let accepted = false;
  let tried = false;
  try {
    return await new Promise<Handshake>((resolve, reject) => {
      const fail = (error: unknown): void => {
        if (signal.aborted) reject(signal.reason);
        else if (shown !== undefined && !accepted) resolve({ kind: 'not-accepted', key: shown });
        else if (levelOf(error) === 'client-authentication') reject(refusedKey(describe, user));
        else if (isKeyTypeFailure(error)) resolve({ kind: 'no-such-key', why: errorText(error) });
        else reject(new UnreachableError(`${describe}: SSH handshake failed: ${errorText(error)}`, { cause: error }));
      };
      // Both stay for the client's life; a settled promise ignores what comes late.
      client.on('error', fail);
      client.on('close', () => fail(new Error('connection closed by the other end')));
      client.once('handshake', () => {
        if (identity !== undefined || shown === undefined || !accepted) return;
        resolve({ kind: 'proven', key: shown });
        // At once, before the package asks for the authentication service.
        socket.destroy();
      });
      client.once('ready', () => {
        if (shown !== undefined) resolve({ kind: 'open', client, socket, key: shown });
      });
      client.connect({
        sock: socket,
        username: user,
        readyTimeout: 0,
        keepaliveInterval: KEEPALIVE_MS,
        keepaliveCountMax: KEEPALIVE_COUNT,
        algorithms: { serverHostKey: [...options.algorithms] as ServerHostKeyAlgorithm[] },
        hostVerifier: (blob: Buffer): boolean => {
          shown = hostKeyOf(Buffer.from(blob));
          accepted = accept(shown);
          return accepted;
        },
        authHandler: (_left, _partial, next) => {
          if (identity === undefined) return;
          // False ends the attempt as refused; the package's types do not know it.
          if (tried) return next(false as never);
          tried = true;
          next({ type: 'publickey', username: user, key: identity });
        },
      });
    }).then((result) => {
      if (result.kind !== 'open') socket.destroy();
      return result;
    });
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function refusedKey(describe: string, user: string): AuthenticationError {
  return new AuthenticationError(
    `${describe}: our key is refused for user ${user}; put its public half into that user's authorized_keys`,
  );
}

function levelOf(error: unknown): unknown {
  return error instanceof Error && 'level' in error ? error.level : undefined;
}

/** The one place where a foreign message is read: the package has no code for a failed choice of host key type. */
function isKeyTypeFailure(error: unknown): boolean {
  return levelOf(error) === 'handshake' && errorText(error).includes('no matching host key');
}
