import type { IdentifyLight } from '../../../../domain/ports/bmc.ts';
import { InvalidRequestError, UnreachableError } from '../../../../foundation/errors.ts';
import {
  type ChassisIdentifyRequest,
  chassisIdentify,
  MAXIMUM_IDENTIFY_SECONDS,
} from '../../../../protocols/ipmi/commands/chassis/chassis-identify.ts';
import {
  getChassisStatus,
  type IdentifyState,
  miscellaneousStateOf,
} from '../../../../protocols/ipmi/commands/chassis/get-chassis-status.ts';
import { CompletionCode, CompletionCodeError } from '../../../../protocols/ipmi/completion-code.ts';
import { ifThere } from '../if-there.ts';
import type { IpmiRequester } from '../requester.ts';

/** What boards answer that know no "force on": they want one byte, and say so in different ways. */
const NO_FORCE_ON: readonly number[] = [
  CompletionCode.invalidDataField,
  CompletionCode.requestDataLengthInvalid,
  CompletionCode.requestDataLimitExceeded,
  CompletionCode.parameterOutOfRange,
];

/**
 * Switches the identify light. The command goes out once; when its answer is lost, the light's state is read.
 *
 * A board without "force on" refuses `on`, and that is told with what it can do instead; it is not lit for 255 s in its
 * place, since a call that fails should have done nothing. The interval that goes with "force on" is the longest one
 * all the same: a board that overlooks the second byte then lights up, instead of going dark.
 * @throws InvalidRequestError for seconds that are not 1 to 255
 * @throws CompletionCodeError when refused
 * @throws UnreachableError when no answer came and the light cannot be read or is in another state
 * @see IPMI v2.0 rev. 1.1 §28.5
 */
export async function identify(requester: IpmiRequester, light: IdentifyLight, signal: AbortSignal): Promise<void> {
  const request = requestFor(light);
  const reply = await requester.once(chassisIdentify, request, signal);
  switch (reply.kind) {
    case 'answered':
      return;
    case 'refused': {
      const hint =
        request.forceOn && NO_FORCE_ON.includes(reply.completionCode)
          ? `this controller cannot keep the light on; ask for up to ${MAXIMUM_IDENTIFY_SECONDS} seconds instead`
          : '';
      const what = `${chassisIdentify.name} on BMC ${requester.name}`;
      throw new CompletionCodeError(what, reply.completionCode, chassisIdentify.completionCodes, hint);
    }
    case 'silent':
      return await provenByState(requester, light, signal);
  }
}

function requestFor(light: IdentifyLight): ChassisIdentifyRequest {
  if (light === 'off') return { intervalSeconds: 0 };
  if (light === 'on') return { intervalSeconds: MAXIMUM_IDENTIFY_SECONDS, forceOn: true };
  const { seconds } = light;
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAXIMUM_IDENTIFY_SECONDS) {
    throw new InvalidRequestError(`identify light: ${seconds} is not a whole number of seconds from 1 to 255`);
  }
  return { intervalSeconds: seconds };
}

async function provenByState(requester: IpmiRequester, light: IdentifyLight, signal: AbortSignal): Promise<void> {
  const status = await ifThere(requester, getChassisStatus, undefined, signal);
  const state = status === null ? undefined : miscellaneousStateOf(status.miscellaneousState).identify;
  const wanted: IdentifyState = typeof light === 'string' ? light : 'timed';
  if (state === wanted) return;
  const what = `${chassisIdentify.name} on BMC ${requester.name}: no answer`;
  throw new UnreachableError(
    state === undefined
      ? `${what}; whether the light has changed is not known`
      : `${what}, and the light reads as ${state}`,
  );
}
