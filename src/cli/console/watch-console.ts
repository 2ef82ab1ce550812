import type { WebSocket } from 'ws';
import type { ConsoleClientMessageBody, ConsoleServerMessageBody } from '../../api/schema/console.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { RefusedCliError, UnreachableCliError } from '../connection.ts';
import type { Context } from '../context.ts';
import { createEscapes, ESCAPE_HELP, type KeyAction } from './escapes.ts';
import { createScreen, describeMessage, type Screen } from './screen.ts';

export type ConsoleOrder = { readonly machine: string; readonly write: boolean; readonly from: number | undefined };

/** Tries without a word from the service in between before it counts as gone. */
const TRIES = 30;
const PAUSE_MS = 1000;
/** Below what the service takes in one frame. */
const FRAME_BYTES = 16 * 1024;
/** Ctrl-C and Ctrl-D, where they cannot be meant for the machine. */
const LEAVING_KEYS = [0x03, 0x04];

type Session = {
  readonly screen: Screen;
  /** Fires when the person leaves. */
  readonly leaving: AbortController;
  socket: WebSocket | undefined;
  /** Place behind the last byte that was shown. */
  offset: number | undefined;
  failures: number;
  /** Why input could not go on. */
  failure: unknown;
};

/**
 * Shows a console until the person leaves: on a terminal in raw mode with escapes; otherwise output goes to standard output
 * until Ctrl-C, and with `write` standard input is typed. Goes on by offset after a restart of the service.
 * @throws CliError when the service refuses or is gone, or the machine was removed
 */
export async function watchConsole({ connection, environment }: Context, order: ConsoleOrder): Promise<void> {
  const { interactive } = environment;
  const session: Session = {
    screen: createScreen(environment, interactive),
    leaving: new AbortController(),
    socket: undefined,
    offset: order.from,
    failures: 0,
    failure: undefined,
  };
  const { leaving, screen } = session;
  session.socket = await connection.socket(pathOf(order, session.offset));
  const interrupted = environment.catchInterrupt();
  interrupted.addEventListener('abort', () => leaving.abort(), { once: true });
  using _keyboard = interactive ? environment.takeKeyboard() : undefined;
  const typing = interactive
    ? listenToKeys(environment.stdin, session, order)
    : order.write
      ? typeInput(environment.stdin, session)
      : undefined;
  typing?.catch((error: unknown) => {
    // Closing standard input at the end breaks its reading as well.
    if (!leaving.signal.aborted) session.failure = error;
    leaving.abort();
  });
  if (interactive)
    screen.remark(order.write ? 'what you type goes to the machine; ~? helps' : 'only looking; ~. leaves');
  try {
    for (;;) {
      await followSocket(session.socket, session);
      session.socket = undefined;
      if (leaving.signal.aborted) break;
      screen.remark('the service has gone; trying again');
      session.socket = await reopen({ connection, environment }, session, order);
      if (session.socket === undefined) break;
    }
    if (session.failure !== undefined) throw session.failure;
  } finally {
    leaving.abort();
    session.socket?.close();
    environment.closeInput();
  }
}

function pathOf({ machine, write }: ConsoleOrder, from: number | undefined): string {
  const query = new URLSearchParams({
    mode: write ? 'write' : 'view',
    ...(from === undefined ? {} : { from: String(from) }),
  });
  return `/machines/${encodeURIComponent(machine)}/console?${query}`;
}

/** @returns undefined when the person left meanwhile */
async function reopen(
  { connection, environment }: Pick<Context, 'connection' | 'environment'>,
  session: Session,
  order: ConsoleOrder,
): Promise<WebSocket | undefined> {
  for (;;) {
    if (++session.failures > TRIES) throw new CliError(EXIT.unreachable, 'the console keeps ending');
    try {
      await environment.delay(PAUSE_MS, session.leaving.signal);
      return await connection.socket(pathOf(order, session.offset));
    } catch (error) {
      if (session.leaving.signal.aborted) return undefined;
      const restarting = error instanceof RefusedCliError && error.code === 'not-ready';
      if (!restarting && (!(error instanceof UnreachableCliError) || session.failures >= TRIES)) throw error;
    }
  }
}

/** Shows what comes until the connection ends. @throws CliError when there is no use in another one */
async function followSocket(socket: WebSocket, session: Session): Promise<void> {
  const { screen, leaving } = session;
  const leave = (): void => socket.close();
  leaving.signal.addEventListener('abort', leave, { once: true });
  if (leaving.signal.aborted) leave();
  socket.on('message', (data: Buffer, isBinary) => {
    session.failures = 0;
    if (!isBinary) return tell(JSON.parse(data.toString('utf8')) as ConsoleServerMessageBody, session);
    if (session.offset !== undefined) session.offset += data.length;
    if (!screen.output(data, () => socket.resume())) socket.pause();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString('utf8') }));
  });
  // A connection that breaks closes as well, which is what counts.
  socket.on('error', () => undefined);
  socket.resume();
  const { code, reason } = await closed;
  leaving.signal.removeEventListener('abort', leave);
  if (leaving.signal.aborted) return;
  if (code === 1000) throw new CliError(EXIT.failed, 'the console was closed: nothing came or was typed for long');
  if (code === 1008) throw new CliError(EXIT.denied, `the console was closed: ${reason}`);
  if (code === 4404) throw new CliError(EXIT.failed, reason);
}

function tell(message: ConsoleServerMessageBody, session: Session): void {
  if (message.type === 'offset') session.offset = message.offset;
  const words = describeMessage(message);
  if (words !== undefined) session.screen.remark(words);
}

/** Keys are looked at as they come, so that leaving is possible however stuck the line is. */
async function listenToKeys(stdin: NodeJS.ReadableStream, session: Session, { write }: ConsoleOrder): Promise<void> {
  const escapes = createEscapes();
  let told = false;
  for await (const keys of stdin) {
    const bytes = Buffer.from(keys);
    if (!write && bytes.some((key) => LEAVING_KEYS.includes(key))) session.leaving.abort();
    for (const action of escapes(bytes)) {
      if (action.kind === 'send' && !write) {
        if (!told) session.screen.remark('only looking: --write is needed to type; ~. leaves');
        told = true;
      } else act(action, session);
    }
  }
  session.leaving.abort();
}

function act(action: KeyAction, { socket, screen, leaving }: Session): void {
  const order = (message: ConsoleClientMessageBody): void => {
    if (socket === undefined) screen.remark('not connected');
    else socket.send(JSON.stringify(message));
  };
  switch (action.kind) {
    case 'send':
      for (const part of framesOf(action.bytes)) socket?.send(part);
      break;
    case 'leave':
      leaving.abort();
      break;
    case 'break':
      order({ type: 'break' });
      break;
    case 'reconnect':
      order({ type: 'reconnect', steal: false });
      break;
    case 'take':
      order({ type: 'reconnect', steal: true });
      break;
    case 'help':
      screen.remark(...ESCAPE_HELP);
  }
}

/** Input of a script is sent at the pace of the line, all of it; its end is not the end of looking. */
async function typeInput(stdin: NodeJS.ReadableStream, session: Session): Promise<void> {
  for await (const input of stdin) {
    for (const part of framesOf(Buffer.from(input))) {
      const { socket } = session;
      if (socket === undefined) throw new CliError(EXIT.unreachable, 'input was cut off with the connection');
      await new Promise<void>((resolve, reject) => {
        socket.send(part, (error) =>
          error ? reject(new CliError(EXIT.unreachable, 'input was cut off with the connection')) : resolve(),
        );
      });
    }
  }
}

function framesOf(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / FRAME_BYTES) }, (_, index) =>
    bytes.subarray(index * FRAME_BYTES, (index + 1) * FRAME_BYTES),
  );
}
