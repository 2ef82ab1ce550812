import {
  AuthenticationError,
  RefusedError,
  type ServiceError,
  UnreachableError,
} from '../../../../foundation/errors.ts';
import { GetSessionChallengeCode } from '../../../../protocols/ipmi/commands/application/get-session-challenge.ts';
import {
  type CommandCompletionCodes,
  CompletionCode,
  describeCompletionCode,
} from '../../../../protocols/ipmi/completion-code.ts';
import { type Advice, type Attempt, text } from './handshake-errors.ts';

/** The BMC refused one of the two commands that set up a v1.5 session. */
export function challengeRefused(
  attempt: Attempt,
  command: { readonly name: string; readonly completionCodes: CommandCompletionCodes },
  code: number,
): ServiceError {
  const known = adviceOn(command.name, code);
  const meaning = describeCompletionCode(code, command.completionCodes);
  const message = text(attempt, `${command.name} (IPMI 1.5) refused with ${meaning}`, known);
  const details = { stage: command.name, completionCode: code, meaning, ...known };
  const wrongUser = command.name === 'Get Session Challenge' && code === GetSessionChallengeCode.invalidUserName;
  return wrongUser ? new AuthenticationError(message, { details }) : new RefusedError(message, { details });
}

function adviceOn(command: string, code: number): Advice {
  if (command === 'Get Session Challenge') {
    return code === GetSessionChallengeCode.invalidUserName || code === GetSessionChallengeCode.nullUserNotEnabled
      ? { causes: ['the user name is wrong (case matters)', 'the account is disabled'], next: 'correct the credential' }
      : {
          causes: ['MD5 is not enabled for IPMI 1.5 on this channel'],
          next: 'enable MD5 on the BMC, or use version 2.0',
        };
  }
  if (code >= 0x81 && code <= 0x83) {
    return { causes: ['every session of the BMC is in use'], next: 'close other sessions, or wait a minute' };
  }
  return code === 0x86 || code === CompletionCode.insufficientPrivilege
    ? { causes: ['the account’s privilege limit is lower than asked'], next: 'configure a lower `privilege`' }
    : { causes: ['a defect of the firmware'], next: 'try again; else restart the BMC' };
}

/** Get Session Challenge was answered, Activate Session was not, twice. */
export function unansweredActivation(attempt: Attempt): AuthenticationError {
  const known: Advice = {
    causes: ['the password is wrong: IPMI 1.5 drops what is signed with another one', 'the network loses packets'],
    next: 'correct the credential; it is tried again in a minute, or when the authentication of this BMC is reset',
  };
  const message = text(attempt, 'no answer to Activate Session (IPMI 1.5), though it is reachable', known);
  return new AuthenticationError(message, { details: { stage: 'Activate Session', ...known } });
}

/** Nothing came back at all. */
export function noAnswerV15(attempt: Attempt, attempts: number): UnreachableError {
  const known: Advice = {
    causes: [
      'the BMC is off, restarting, or not reachable from here',
      'IPMI over LAN is disabled on it',
      'it speaks IPMI 2.0 only',
    ],
    next: 'check the address and route to UDP port 623, and the BMC’s LAN settings; or use version 2.0',
  };
  const message = text(attempt, `no answer to Get Session Challenge (IPMI 1.5) in ${attempts} attempts`, known);
  return new UnreachableError(message, { details: { stage: 'Get Session Challenge', attempts, ...known } });
}
