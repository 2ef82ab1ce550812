import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Entropy } from '../../foundation/entropy.ts';
import { DecodeError } from '../../foundation/errors.ts';
import type { IpmiCommand } from '../../protocols/ipmi/command.ts';
import type { GetDeviceIdResponse } from '../../protocols/ipmi/commands/application/get-device-id.ts';
import { CompletionCode } from '../../protocols/ipmi/completion-code.ts';
import { MAXIMUM_DATA_BYTES } from '../../protocols/ipmi/message.ts';
import type { BootOptions } from './boot-options.ts';
import type { Chassis, ChassisAction } from './chassis.ts';
import type { EventLog } from './event-log.ts';
import type { FruDevices } from './fru.ts';
import type { Personality } from './personality.ts';
import type { SensorBank } from './sensors/sensor-bank.ts';
import type { SessionTable } from './session-table.ts';
import type { ActiveSession, Ipmi15 } from './sessions.ts';
import type { BmcSettings } from './settings.ts';
import type { SolServer } from './sol/sol-server.ts';
import type { SimulatedUser } from './users.ts';

/** What the commands act on. */
export type CommandContext = {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly personality: Personality;
  readonly chassis: Chassis;
  readonly bootOptions: BootOptions;
  readonly sessions: SessionTable;
  /** This BMC's own list: a command that changes a user puts another one in its place. */
  readonly users: SimulatedUser[];
  readonly cipherSuites: readonly number[];
  /** The highest level by suite id; administrator where there is none. This BMC's own. @see §23.1, parameter 24 */
  readonly suitePrivileges: Record<number, number>;
  readonly ipmi15: Ipmi15;
  readonly kgSet: boolean;
  readonly guid: Buffer;
  readonly device: GetDeviceIdResponse;
  readonly eventLog: EventLog;
  readonly fruDevices: FruDevices;
  readonly sensors: SensorBank;
  /** Drawn while the machine is on; null without a meter, and then without DCMI. */
  readonly powerWatts: number | null;
  readonly settings: BmcSettings;
  /** Called for every chassis action that is carried out or refused by the chassis. */
  readonly acted: (action: ChassisAction, session: ActiveSession) => void;
  /** Starts the controller again: silent for so long, its sessions gone. */
  readonly restart: (silentMs: number) => void;
  /** The serial console; there once the machine has a serial line. */
  sol?: SolServer;
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
