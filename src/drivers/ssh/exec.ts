import type { Client, ClientChannel } from 'ssh2';
import { errorText, RefusedError, UnreachableError } from '../../foundation/errors.ts';
import { Secret } from '../../foundation/secret.ts';

export type ExecOptions = {
  /** Written to standard input, which is then closed. A copy of a secret is wiped as soon as it was sent. */
  readonly stdin?: Buffer | Secret;
  /** Send `stdin` only when this text has come on standard output; never, when the command ends before. */
  readonly stdinAfter?: string;
  /** Of each of the two outputs. Default 256 KiB. */
  readonly maximumOutputBytes?: number;
};

export type ExecResult = {
  /** Null when the command was killed or the connection ended first. */
  readonly exitCode: number | null;
  /** `SIGTERM`, when it was killed. */
  readonly signal: string | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** The command's end was not seen: the channel closed without an exit status or signal. */
  readonly dropped: boolean;
  /** Whether standard input was handed over. */
  readonly stdinSent: boolean;
};

/** How a command ended. */
export type ExecEnd = Pick<ExecResult, 'exitCode' | 'signal' | 'dropped'>;

/** What a running command's output goes to. Each is awaited before more is read, so the remote is slowed down. */
export type ExecSinks = {
  readonly stdout: (chunk: Buffer) => Promise<void> | void;
  readonly stderr: (chunk: Buffer) => Promise<void> | void;
};

const MAXIMUM_OUTPUT = 256 * 1024;

/**
 * Runs a command and collects its output.
 * @throws RefusedError when it writes more than allowed; UnreachableError when no channel could be opened; the signal's reason
 */
export async function exec(
  client: Client,
  command: string,
  options: ExecOptions,
  signal: AbortSignal,
): Promise<ExecResult> {
  const { stdin, stdinAfter, maximumOutputBytes = MAXIMUM_OUTPUT } = options;
  const chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  const sizes = { stdout: 0, stderr: 0 };
  let stdinSent = false;
  const send = (channel: ClientChannel): void => {
    stdinSent = true;
    sendInput(channel, stdin);
  };
  const collect = (stream: 'stdout' | 'stderr') => (chunk: Buffer, channel: ClientChannel) => {
    sizes[stream] += chunk.length;
    if (sizes[stream] > maximumOutputBytes) {
      throw new RefusedError(`remote command wrote more than ${maximumOutputBytes} bytes to ${stream}`);
    }
    chunks[stream].push(chunk);
    if (stream === 'stdout' && stdinAfter !== undefined && !stdinSent) {
      if (Buffer.concat(chunks.stdout).includes(stdinAfter)) send(channel);
    }
  };
  const begin = (channel: ClientChannel): void => {
    if (stdinAfter === undefined) send(channel);
  };
  const end = await run(client, command, { stdout: collect('stdout'), stderr: collect('stderr') }, begin, signal);
  return { ...end, stdinSent, stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr) };
}

/** Runs a command and hands its output on as it comes. @throws as {@link exec}; whatever a sink throws */
export function stream(client: Client, command: string, sinks: ExecSinks, signal: AbortSignal): Promise<ExecEnd> {
  return run(client, command, sinks, (channel) => void channel.end(), signal);
}

/** As {@link ExecSinks}, with the channel that it came from. */
type ChannelSinks = {
  readonly stdout: (chunk: Buffer, channel: ClientChannel) => Promise<void> | void;
  readonly stderr: (chunk: Buffer, channel: ClientChannel) => Promise<void> | void;
};

/** Opens a channel for the command; settles when it is closed and every sink has had its bytes. */
function run(
  client: Client,
  command: string,
  sinks: ChannelSinks,
  begin: (channel: ClientChannel) => void,
  signal: AbortSignal,
): Promise<ExecEnd> {
  signal.throwIfAborted();
  return new Promise<ExecEnd>((resolve, reject) => {
    let opened: ClientChannel | undefined;
    const settle = (act: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const fail = (error: unknown): void => {
      opened?.close();
      // Drained, not kept: an unread stream would keep the channel from ever closing.
      opened?.resume();
      opened?.stderr.resume();
      settle(() => reject(error));
    };
    const onAbort = (): void => fail(signal.reason);
    const noChannel = (error: unknown): void =>
      fail(new UnreachableError(`SSH channel could not be opened: ${errorText(error)}`, { cause: error }));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      // Listeners go on inside the callback: a short command's exit code and end may be in the packet behind it.
      client.exec(command, (error, channel) => {
        if (error) return noChannel(error);
        if (signal.aborted) return channel.close();
        opened = channel;
        attach(channel, sinks, fail, (end) => settle(() => resolve(end)));
        begin(channel);
      });
    } catch (error) {
      // Thrown at once when the connection is already gone.
      noChannel(error);
    }
  });
}

function attach(
  channel: ClientChannel,
  sinks: ChannelSinks,
  fail: (error: unknown) => void,
  ended: (end: ExecEnd) => void,
): void {
  let end: ExecEnd = { exitCode: null, signal: null, dropped: true };
  pump(channel, (chunk) => sinks.stdout(chunk, channel), fail);
  pump(channel.stderr, (chunk) => sinks.stderr(chunk, channel), fail);
  channel.once('exit', (code: number | null, killedBy?: string) => {
    end = { exitCode: code, signal: killedBy ?? null, dropped: false };
  });
  channel.once('close', () => ended(end));
  channel.on('error', fail);
}

function pump(
  readable: NodeJS.ReadableStream,
  sink: (chunk: Buffer) => Promise<void> | void,
  fail: (error: unknown) => void,
): void {
  let failed = false;
  const failOnce = (error: unknown): void => {
    failed = true;
    fail(error);
  };
  readable.on('error', failOnce);
  readable.on('data', (chunk: Buffer) => {
    if (failed) return;
    try {
      const taken = sink(chunk);
      if (taken === undefined) return;
      readable.pause();
      taken.then(() => readable.resume(), failOnce);
    } catch (error) {
      failOnce(error);
    }
  });
}

function sendInput(channel: ClientChannel, stdin: Buffer | Secret | undefined): void {
  if (stdin === undefined) {
    channel.end();
    return;
  }
  const bytes = stdin instanceof Secret ? stdin.use((value) => Buffer.from(value)) : stdin;
  channel.end(bytes, () => {
    if (stdin instanceof Secret) bytes.fill(0);
  });
}
