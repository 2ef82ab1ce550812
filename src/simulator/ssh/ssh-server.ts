import { type AddressInfo, Socket } from 'node:net';
import ssh2, { type Connection, type ParsedKey, type PublicKeyAuthContext, type ServerChannel } from 'ssh2';
import { errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';

/** One command that a client runs. */
export type RemoteCommand = {
  readonly text: string;
  readonly user: string;
  /** Standard input up to its end, or up to the loss of the connection. */
  readInput(): Promise<Buffer>;
  /** Writes to standard output; settles when the client's window has taken it. */
  write(data: string | Buffer): Promise<void>;
  /** Writes to standard error. */
  complain(text: string): void;
  /** Fires when the client closed the channel, or the server went down with its machine. */
  readonly gone: AbortSignal;
};

/** Carries a command out and returns its exit code; null closes the channel without one. */
export type RemoteShell = (command: RemoteCommand) => Promise<number | null>;

export type SshServerOptions = {
  readonly address: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** Private key, OpenSSH format. */
  readonly hostKey: string;
  /** Public keys that may log in, as any user. */
  readonly authorizedKeys: readonly ParsedKey[];
  /** Software version in the banner: `dropbear_2022.83`. */
  readonly ident: string;
  readonly shell: RemoteShell;
};

/** What clients did, to prove that nothing was sent where nothing should be. */
export type SshServerCounts = { connections: number; authentications: number; commands: number };

export type SshServer = AsyncDisposable & {
  readonly port: number;
  readonly counts: Readonly<SshServerCounts>;
  /** Cuts every connection, as a pulled cable does. */
  dropConnections(): void;
};

/** An SSH server that knows public keys and `exec`, and runs commands by a function. Disposing kills all connections. */
export async function openSshServer(log: Log, options: SshServerOptions): Promise<SshServer> {
  const { address, hostKey, ident } = options;
  const counts: SshServerCounts = { connections: 0, authentications: 0, commands: 0 };
  const connections = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [hostKey], ident }, (connection) => {
    counts.connections++;
    connections.add(connection);
    // Servers send small packets and want them gone; without this each answer waits 40 ms for an acknowledgement.
    const socket = socketOf(connection);
    if (socket instanceof Socket) socket.setNoDelay(true);
    serve(log, connection, options, counts);
    connection.on('close', () => connections.delete(connection));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, address, () => resolve());
  });
  server.on('error', (error: Error) => log.warn({ address, error }, 'simulated SSH server failed'));
  let open = true;
  return {
    // A listening TCP server's address is an object, a pipe's a string.
    port: (server.address() as AddressInfo).port,
    counts,
    dropConnections() {
      for (const connection of connections) kill(connection);
    },
    async [Symbol.asyncDispose]() {
      if (!open) return;
      open = false;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections) kill(connection);
      await closed;
    },
  };
}

function serve(log: Log, connection: Connection, options: SshServerOptions, counts: SshServerCounts): void {
  const gone = new AbortController();
  let user = '';
  // Clients that merely look at the host key hang up in the middle; that is an error to the package, not to us.
  connection.on('error', (error) => log.debug({ error }, 'simulated SSH connection ended'));
  connection.on('close', () => gone.abort(new Error('connection closed')));
  connection.on('authentication', (context) => {
    counts.authentications++;
    if (context.method !== 'publickey' || !admits(options.authorizedKeys, context))
      return context.reject(['publickey']);
    user = context.username;
    context.accept();
  });
  connection.on('session', (accept) => {
    accept().on('exec', (acceptExec, _reject, { command }) => {
      counts.commands++;
      void runCommand(log, acceptExec(), command, user, gone.signal, options.shell);
    });
  });
}

function admits(authorized: readonly ParsedKey[], context: PublicKeyAuthContext): boolean {
  const key = authorized.find((other) => other.getPublicSSH().equals(context.key.data));
  if (key === undefined) return false;
  // Without a signature the client only asks whether the key would do.
  if (context.signature === undefined || context.blob === undefined) return true;
  return key.verify(context.blob, context.signature, context.hashAlgo) === true;
}

async function runCommand(
  log: Log,
  channel: ServerChannel,
  text: string,
  user: string,
  connectionGone: AbortSignal,
  shell: RemoteShell,
): Promise<void> {
  const closed = new AbortController();
  channel.on('close', () => closed.abort(new Error('channel closed')));
  channel.on('error', (error: Error) => log.debug({ error }, 'simulated SSH channel failed'));
  const gone = AbortSignal.any([connectionGone, closed.signal]);
  const input = collectInput(channel, gone);
  const write = (data: string | Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      if (gone.aborted) return reject(gone.reason);
      const onGone = (): void => reject(gone.reason);
      gone.addEventListener('abort', onGone, { once: true });
      channel.write(data, () => {
        gone.removeEventListener('abort', onGone);
        resolve();
      });
    });
  try {
    const complain = (line: string): void => void channel.stderr.write(line);
    const code = await shell({ text, user, readInput: () => input, write, complain, gone });
    if (gone.aborted) return;
    if (code !== null) channel.exit(code);
    channel.end();
  } catch (error) {
    if (gone.aborted) return;
    log.error({ error, command: text.split('\n', 1)[0] }, 'simulated command failed');
    channel.stderr.write(`simulator: ${errorText(error)}\n`);
    channel.exit(126);
    channel.end();
  }
}

function collectInput(channel: ServerChannel, gone: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve) => {
    const finish = (): void => resolve(Buffer.concat(chunks));
    channel.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= 1024 * 1024) chunks.push(chunk);
    });
    channel.once('end', finish);
    gone.addEventListener('abort', finish, { once: true });
  });
}

/** Drops the TCP connection without a goodbye, as a machine does that loses power. */
function kill(connection: Connection): void {
  const socket = socketOf(connection);
  if (socket instanceof Socket) socket.destroy();
  else connection.end();
}

/** The package has no public way to it: its end() says goodbye first and waits for the other side. */
function socketOf(connection: Connection): unknown {
  return Reflect.get(connection, '_sock');
}
