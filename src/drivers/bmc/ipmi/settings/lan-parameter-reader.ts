import { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import { DecodeError, errorText } from '../../../../foundation/errors.ts';
import {
  getLanConfigurationParameters,
  LanParameterCode,
} from '../../../../protocols/ipmi/commands/transport/get-lan-configuration-parameters.ts';
import type { LanParameter } from '../../../../protocols/ipmi/commands/transport/lan-parameters.ts';
import { CompletionCode, describeCompletionCode } from '../../../../protocols/ipmi/completion-code.ts';
import type { IpmiRequester } from '../requester.ts';

/** Reads one parameter; null where the controller does not have it. */
export type ReadLanParameter = <Value>(parameter: LanParameter<Value>, setSelector?: number) => Promise<Value | null>;

/** How controllers say that they do not have a parameter. */
const NOT_THERE: readonly number[] = [
  LanParameterCode.notSupported,
  CompletionCode.parameterOutOfRange,
  CompletionCode.notPresent,
  CompletionCode.invalidDataField,
];

/** @param problems added to for what is neither there nor plainly absent */
export function lanParameterReader(
  requester: IpmiRequester,
  channel: number,
  problems: string[],
  signal: AbortSignal,
): ReadLanParameter {
  return async (parameter, setSelector = 0) => {
    const request = { revisionOnly: false, channel, parameter: parameter.parameter, setSelector, blockSelector: 0 };
    try {
      const reply = await requester.attempt(getLanConfigurationParameters, request, signal);
      if (reply.kind === 'answered') return parameter.decode(new ByteReader(reply.response.data));
      if (!NOT_THERE.includes(reply.completionCode)) {
        const { completionCodes } = getLanConfigurationParameters;
        problems.push(`${parameter.name}: ${describeCompletionCode(reply.completionCode, completionCodes)}`);
      }
      return null;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      problems.push(`${parameter.name}: ${errorText(error)}`);
      return null;
    }
  };
}
