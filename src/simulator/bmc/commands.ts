import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { cipherSuiteById } from '../../protocols/ipmi/cipher-suites.ts';
import type { IpmiCommand } from '../../protocols/ipmi/command.ts';
import { ChassisControl, chassisControl } from '../../protocols/ipmi/commands/chassis-control.ts';
import { CloseSessionCode, closeSession } from '../../protocols/ipmi/commands/close-session.ts';
import { getChannelAuthenticationCapabilities } from '../../protocols/ipmi/commands/get-channel-authentication-capabilities.ts';
import {
  CIPHER_SUITE_CHUNK_BYTES,
  encodeCipherSuiteRecord,
  getChannelCipherSuites,
} from '../../protocols/ipmi/commands/get-channel-cipher-suites.ts';
import { getChassisStatus, PowerRestorePolicy } from '../../protocols/ipmi/commands/get-chassis-status.ts';
import { type GetDeviceIdResponse, getDeviceId } from '../../protocols/ipmi/commands/get-device-id.ts';
import { getSystemBootOptions } from '../../protocols/ipmi/commands/get-system-boot-options.ts';
import {
  SetSessionPrivilegeLevelCode,
  setSessionPrivilegeLevel,
} from '../../protocols/ipmi/commands/set-session-privilege-level.ts';
import { setSystemBootOptions } from '../../protocols/ipmi/commands/set-system-boot-options.ts';
import { CompletionCode } from '../../protocols/ipmi/completion-code.ts';
import { type IpmiRequest, MAXIMUM_DATA_BYTES } from '../../protocols/ipmi/message.ts';
import { PrivilegeLevel } from '../../protocols/ipmi/privilege-level.ts';
import type { BootOptions } from './boot-options.ts';
import type { Chassis, ChassisAction } from './chassis.ts';
import type { ActiveSession, SessionTable, SimulatedUser } from './sessions.ts';

/** What the commands act on. */
export type CommandContext = {
  readonly chassis: Chassis;
  readonly bootOptions: BootOptions;
  readonly sessions: SessionTable;
  readonly users: readonly SimulatedUser[];
  readonly cipherSuites: readonly number[];
  readonly kgSet: boolean;
  readonly device: GetDeviceIdResponse;
  /** Called for every chassis action that is carried out or refused by the chassis. */
  readonly acted: (action: ChassisAction, session: ActiveSession) => void;
};

export type CommandAnswer = { readonly name: string; readonly completionCode: number; readonly data: Buffer };

/** Response data, or a completion code other than 0. */
type Outcome<Response> = { readonly response: Response } | { readonly refusal: number };

type Handler = {
  readonly name: string;
  readonly netFn: number;
  readonly command: number;
  /** What the session must have; undefined: needs no session at all. @see IPMI v2.0 rev. 1.1 Appendix G */
  readonly privilege: number | undefined;
  readonly handle: (data: Buffer, context: CommandContext, session: ActiveSession | undefined) => Outcome<Buffer>;
};

/** Carries out one request; `session` is missing for one outside any session. */
export function carryOut(
  request: IpmiRequest,
  context: CommandContext,
  session: ActiveSession | undefined,
): CommandAnswer {
  const handler = handlers.find(({ netFn, command }) => netFn === request.netFn && command === request.command);
  const name = handler?.name ?? `${request.netFn.toString(16)}h/${request.command.toString(16)}h`;
  const refused = (completionCode: number): CommandAnswer => ({ name, completionCode, data: Buffer.alloc(0) });
  if (handler === undefined) return refused(CompletionCode.invalidCommand);
  if (handler.privilege !== undefined && (session?.privilege ?? 0) < handler.privilege) {
    return refused(CompletionCode.insufficientPrivilege);
  }
  const outcome = handler.handle(request.data, context, session);
  return 'refusal' in outcome
    ? refused(outcome.refusal)
    : { name, completionCode: CompletionCode.ok, data: outcome.response };
}

function handler<Request, Response>(
  command: IpmiCommand<Request, Response>,
  privilege: number | undefined,
  answer: (request: Request, context: CommandContext, session: ActiveSession | undefined) => Outcome<Response>,
): Handler {
  const handle: Handler['handle'] = (data, context, session) => {
    const request = decodeOrUndefined(command, data);
    if (request === 'short') return { refusal: CompletionCode.requestDataLengthInvalid };
    const outcome = answer(request.value, context, session);
    if ('refusal' in outcome) return outcome;
    const writer = new ByteWriter(MAXIMUM_DATA_BYTES);
    command.encodeResponse(outcome.response, writer);
    return { response: writer.done() };
  };
  return { name: command.name, netFn: command.netFn, command: command.command, privilege, handle };
}

function decodeOrUndefined<Request, Response>(
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

const actions: Readonly<Record<number, ChassisAction>> = {
  [ChassisControl.powerDown]: 'off',
  [ChassisControl.powerUp]: 'on',
  [ChassisControl.powerCycle]: 'cycle',
  [ChassisControl.hardReset]: 'reset',
  [ChassisControl.pulseDiagnosticInterrupt]: 'diag',
  [ChassisControl.softShutdown]: 'soft-off',
};

/** The LAN channel of this BMC. */
const LAN_CHANNEL = 1;

const handlers: readonly Handler[] = [
  handler(getChannelAuthenticationCapabilities, undefined, (request, context) => ({
    response: {
      channel: LAN_CHANNEL,
      extended: request.extended,
      authenticationTypes: 0,
      kgSet: context.kgSet,
      perMessageAuthenticationDisabled: false,
      userLevelAuthenticationDisabled: false,
      nonNullUserNames: context.users.some(({ name }) => name !== ''),
      nullUserNames: context.users.some(({ name }) => name === ''),
      anonymousLogin: false,
      supportsV15: false,
      supportsV20: true,
      oemId: 0,
      oemAuxiliary: 0,
    },
  })),

  handler(getChannelCipherSuites, undefined, (request, context) => {
    const list = new ByteWriter(MAXIMUM_DATA_BYTES);
    for (const id of context.cipherSuites) {
      const suite = cipherSuiteById(id);
      if (suite) encodeCipherSuiteRecord(suite, list);
    }
    const from = request.listIndex * CIPHER_SUITE_CHUNK_BYTES;
    return { response: { channel: LAN_CHANNEL, records: list.done().subarray(from, from + CIPHER_SUITE_CHUNK_BYTES) } };
  }),

  handler(setSessionPrivilegeLevel, PrivilegeLevel.callback, ({ privilegeLevel }, _context, session) => {
    if (session === undefined) return { refusal: CompletionCode.insufficientPrivilege };
    if (privilegeLevel > session.maximumPrivilege) return { refusal: SetSessionPrivilegeLevelCode.exceedsLimit };
    if (privilegeLevel !== 0) session.privilege = privilegeLevel;
    return { response: { privilegeLevel: session.privilege } };
  }),

  handler(closeSession, PrivilegeLevel.callback, ({ sessionId }, { sessions }) =>
    sessions.close(sessionId) ? { response: undefined } : { refusal: CloseSessionCode.invalidSessionId },
  ),

  handler(getDeviceId, PrivilegeLevel.user, (_request, { device }) => ({ response: device })),

  handler(getChassisStatus, PrivilegeLevel.user, (_request, { chassis }) => ({
    response: {
      powerOn: chassis.poweredOn(),
      powerOverload: false,
      interlock: false,
      powerFault: false,
      powerControlFault: false,
      powerRestorePolicy: PowerRestorePolicy.stayOff,
      lastPowerEvent: 0,
      miscellaneousState: 0,
    },
  })),

  handler(chassisControl, PrivilegeLevel.operator, (request, context, session) => {
    const action = actions[request.action];
    if (action === undefined || session === undefined) return { refusal: CompletionCode.invalidDataField };
    context.bootOptions.chassisControlled();
    context.acted(action, session);
    return context.chassis.control(action) === 'done'
      ? { response: undefined }
      : { refusal: CompletionCode.notInPresentState };
  }),

  handler(setSystemBootOptions, PrivilegeLevel.operator, (request, { bootOptions }) => {
    const completionCode = bootOptions.set(request);
    return completionCode === CompletionCode.ok ? { response: undefined } : { refusal: completionCode };
  }),

  handler(getSystemBootOptions, PrivilegeLevel.operator, ({ parameter }, { bootOptions }) => {
    const data = bootOptions.get(parameter);
    return typeof data === 'number'
      ? { refusal: data }
      : { response: { version: 1, parameter, markedInvalid: false, data } };
  }),
];
