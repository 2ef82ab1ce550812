import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import type { Clock } from '../../foundation/clock.ts';
import { DecodeError } from '../../foundation/errors.ts';
import type { IpmiCommand } from '../../protocols/ipmi/command.ts';
import type { GetDeviceIdResponse } from '../../protocols/ipmi/commands/application/get-device-id.ts';
import { CompletionCode } from '../../protocols/ipmi/completion-code.ts';
import { MAXIMUM_DATA_BYTES } from '../../protocols/ipmi/message.ts';
import type { BootOptions } from './boot-options.ts';
import type { Chassis, ChassisAction } from './chassis.ts';
import type { ActiveSession, SessionTable, SimulatedUser } from './sessions.ts';

/** What the commands act on. */
export type CommandContext = {
  readonly clock: Clock;
  readonly chassis: Chassis;
  readonly bootOptions: BootOptions;
  readonly sessions: SessionTable;
  readonly users: readonly SimulatedUser[];
  readonly cipherSuites: readonly number[];
  readonly kgSet: boolean;
  readonly guid: Buffer;
  readonly device: GetDeviceIdResponse;
  /** Called for every chassis action that is carried out or refused by the chassis. */
  readonly acted: (action: ChassisAction, session: ActiveSession) => void;
};

/** Response data, or a completion code other than 0. */
export type Outcome<Response> = { readonly response: Response } | { readonly refusal: number };

/** How one command is carried out, its own types hidden, so that a list can hold many. */
export type Handler = {
  readonly name: string;
  readonly netFn: number;
  readonly command: number;
  readonly privilege: number | 'none';
  readonly handle: (
    data: Buffer,
    context: CommandContext,
    session: ActiveSession | undefined,
    lun: number,
  ) => Outcome<Buffer>;
};

/** A command by its codec, and what the controller answers. */
export function handler<Request, Response>(
  command: IpmiCommand<Request, Response>,
  answer: (
    request: Request,
    context: CommandContext,
    session: ActiveSession | undefined,
    lun: number,
  ) => Outcome<Response>,
): Handler {
  const handle: Handler['handle'] = (data, context, session, lun) => {
    const request = decodeOrShort(command, data);
    if (request === 'short') return { refusal: CompletionCode.requestDataLengthInvalid };
    const outcome = answer(request.value, context, session, lun);
    if ('refusal' in outcome) return outcome;
    const writer = new ByteWriter(MAXIMUM_DATA_BYTES);
    command.encodeResponse(outcome.response, writer);
    return { response: writer.done() };
  };
  return { name: command.name, netFn: command.netFn, command: command.command, privilege: command.privilege, handle };
}

function decodeOrShort<Request, Response>(
  command: IpmiCommand<Request, Response>,
  data: Buffer,
): { readonly value: Request } | 'short' {
  try {
    return { value: command.decodeRequest(new ByteReader(data)) };
  } catch (error) {
    if (error instanceof DecodeError) return 'short';
    throw error;
  }
}
