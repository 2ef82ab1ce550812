import type { IpmiBoard } from '../drivers/bmc/ipmi/board.ts';
import { createCalls } from './calls.ts';
import { type ChassisPart, createChassisPart } from './chassis-part.ts';
import { type CommandPart, createCommandPart } from './command-part.ts';
import { type ConsolePart, createConsolePart } from './console-part.ts';
import { type ControllerPart, createControllerPart } from './controller-part.ts';
import type { PartDeps } from './part.ts';
import { createRecordsPart, type RecordsPart } from './records-part.ts';
import { createSettingsPart, type SettingsPart } from './settings-part.ts';

/**
 * One BMC under one account. The first call that needs a session sets it up; sessions are shared by all clients of the
 * same BMC and account. Commands go out one at a time, in the order asked for.
 *
 * Every method takes `{ signal }` last, and has a deadline of its own without one (`operationMs` for each command).
 * What any of them may throw: AuthenticationError, UnreachableError, DeadlineError, RefusedError and its subclasses
 * CompletionCodeError and RakpStatusError, DecodeError, IpmiClosedError.
 *
 * Disposing it ends its calls and consoles and lets the session go, which is closed a while later (`lingerMs`) unless
 * another client uses it, or at once when the `Ipmi` is disposed.
 */
export type IpmiClient = AsyncDisposable &
  ControllerPart &
  ChassisPart &
  RecordsPart &
  SettingsPart &
  ConsolePart &
  CommandPart & {
    /** `192.0.2.7:623`. */
    readonly name: string;
    /** `IPMI 192.0.2.7:623 as "admin"`. */
    readonly describe: string;
  };

/**
 * @param board let go when the client is disposed
 * @param onClosed called once, when it is
 */
export function createClient(
  deps: Pick<PartDeps, 'clock' | 'entropy' | 'log'>,
  board: IpmiBoard & AsyncDisposable,
  onClosed: (client: IpmiClient) => void,
): IpmiClient {
  const describe = `IPMI ${board.name} as "${board.user}"`;
  const calls = createCalls(describe);
  const part: PartDeps = { ...deps, board, calls };
  const { closeConsoles, ...consolePart } = createConsolePart(part);
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    const ended = calls.close();
    await closeConsoles();
    await ended;
    await board[Symbol.asyncDispose]();
    onClosed(client);
  }

  const client: IpmiClient = {
    name: board.name,
    describe,
    ...createControllerPart(part),
    ...createChassisPart(part),
    ...createRecordsPart(part),
    ...createSettingsPart(part),
    ...consolePart,
    ...createCommandPart(part),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
  return client;
}
