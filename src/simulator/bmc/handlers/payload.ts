import { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { activatePayload } from '../../../protocols/ipmi/commands/application/activate-payload.ts';
import { deactivatePayload } from '../../../protocols/ipmi/commands/application/deactivate-payload.ts';
import { getChannelPayloadSupport } from '../../../protocols/ipmi/commands/application/get-channel-payload-support.ts';
import { getPayloadActivationStatus } from '../../../protocols/ipmi/commands/application/get-payload-activation-status.ts';
import { getPayloadInstanceInfo } from '../../../protocols/ipmi/commands/application/get-payload-instance-info.ts';
import { getUserPayloadAccess } from '../../../protocols/ipmi/commands/application/get-user-payload-access.ts';
import {
  GetSolConfigurationParametersCode,
  getSolConfigurationParameters,
} from '../../../protocols/ipmi/commands/transport/get-sol-configuration-parameters.ts';
import {
  encodeSolParameter,
  type SolParameter,
  SolParameterNumber,
} from '../../../protocols/ipmi/commands/transport/sol-parameter.ts';
import { CompletionCode } from '../../../protocols/ipmi/completion-code.ts';
import { PrivilegeLevel } from '../../../protocols/ipmi/privilege-level.ts';
import { PayloadType } from '../../../protocols/ipmi/session-v2.ts';
import { type CommandContext, type Handler, handler } from '../command-handler.ts';
import { SOL_INSTANCE, type SolServer } from '../sol/sol-server.ts';
import { LAN_CHANNEL } from './session.ts';

/** Payload types of the book that every RMCP+ controller has: IPMI; SOL where there is a serial line. */
const STANDARD_PAYLOADS = 1 << PayloadType.ipmi;
/** Open Session and RAKP, 10h to 15h. */
const SESSION_SETUP_PAYLOADS = 0x3f;
const NO_VLAN = 0xffff;

/** The serial console's commands. @see IPMI v2.0 rev. 1.1 §24, §26 */
export const payloadHandlers: readonly Handler[] = [
  handler(activatePayload, (request, { sol }, session) => {
    if (sol === undefined || request.payloadType !== PayloadType.sol)
      return { refusal: CompletionCode.invalidDataField };
    if (session?.format !== 'v2.0') return { refusal: CompletionCode.notInPresentState };
    const refusal = sol.activate(session.id, request);
    if (refusal !== CompletionCode.ok) return { refusal };
    const { inboundPayloadSize, outboundCharacters } = sol.behaviour;
    return {
      response: {
        auxiliary: Buffer.alloc(4),
        inboundPayloadSize,
        outboundPayloadSize: outboundCharacters + 4,
        udpPort: sol.port(),
        vlan: NO_VLAN,
      },
    };
  }),

  handler(deactivatePayload, ({ payloadType, instance }, { sol }) => {
    if (sol === undefined || payloadType !== PayloadType.sol) return { refusal: CompletionCode.invalidDataField };
    const code = sol.deactivate(instance);
    return code === CompletionCode.ok ? { response: undefined } : { refusal: code };
  }),

  handler(getPayloadActivationStatus, ({ payloadType }, { sol }) =>
    sol === undefined || payloadType !== PayloadType.sol
      ? { refusal: CompletionCode.invalidDataField }
      : { response: { instanceCapacity: 1, activeInstances: sol.owner() === 0 ? 0 : 1 } },
  ),

  handler(getPayloadInstanceInfo, ({ payloadType, instance }, { sol }) => {
    if (sol?.behaviour.instanceInfo === 'refused') return { refusal: CompletionCode.invalidCommand };
    if (sol === undefined || payloadType !== PayloadType.sol || instance !== SOL_INSTANCE) {
      return { refusal: CompletionCode.invalidDataField };
    }
    return { response: { sessionId: sol.owner(), information: Buffer.of(1, 0, 0, 0, 0, 0, 0, 0) } };
  }),

  handler(getUserPayloadAccess, (_request, context) => ({
    response: { standardPayloads: standardPayloads(context), oemPayloads: 0 },
  })),

  handler(getChannelPayloadSupport, (_request, context) => ({
    response: {
      standardPayloads: standardPayloads(context),
      sessionSetupPayloads: SESSION_SETUP_PAYLOADS,
      oemPayloads: 0,
    },
  })),

  handler(getSolConfigurationParameters, (request, { sol }) => {
    const value = sol && solParameter(request.parameter, sol);
    if (value === undefined) return { refusal: GetSolConfigurationParametersCode.notSupported };
    const data = new ByteWriter(2);
    if (!request.revisionOnly) encodeSolParameter(value, data);
    return { response: { parameterRevision: 0x11, data: data.done() } };
  }),
];

function standardPayloads({ sol }: CommandContext): number {
  return STANDARD_PAYLOADS | (sol === undefined ? 0 : 1 << PayloadType.sol);
}

/** @see IPMI v2.0 rev. 1.1 §26.3, Table 26-5 */
function solParameter(number: number, { behaviour, port }: SolServer): SolParameter | undefined {
  switch (number) {
    case SolParameterNumber.setInProgress:
      return { kind: 'set-in-progress', state: 0 };
    case SolParameterNumber.enable:
      return { kind: 'enable', enabled: behaviour.enabled };
    case SolParameterNumber.authentication:
      return {
        kind: 'authentication',
        forceEncryption: behaviour.encryptionRequired,
        forceAuthentication: false,
        privilege: PrivilegeLevel.user,
      };
    case SolParameterNumber.characterAccumulate:
      return {
        kind: 'character-accumulate',
        interval5Ms: Math.min(0xff, Math.max(1, Math.round(behaviour.accumulateMs / 5))),
        sendThreshold: Math.min(0xff, behaviour.outboundCharacters),
      };
    case SolParameterNumber.retry:
      return {
        kind: 'retry',
        count: Math.min(7, behaviour.resends),
        interval10Ms: Math.min(0xff, Math.round(behaviour.resendMs / 10)),
      };
    case SolParameterNumber.nonVolatileBitRate:
      return { kind: 'bit-rate', volatile: false, rate: 10 };
    case SolParameterNumber.volatileBitRate:
      return { kind: 'bit-rate', volatile: true, rate: 10 };
    case SolParameterNumber.payloadChannel:
      return { kind: 'payload-channel', channel: LAN_CHANNEL };
    case SolParameterNumber.payloadPort:
      return { kind: 'payload-port', port: port() };
    default:
      return undefined;
  }
}
