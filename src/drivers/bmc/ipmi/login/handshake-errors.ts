import { AuthenticationError, type ServiceError, UnreachableError } from '../../../../foundation/errors.ts';
import { describeRakpStatus, RakpStatus, RakpStatusError } from '../../../../protocols/ipmi/rakp/status.ts';

/** The messages of session set-up, by the name the specification gives them. */
export type HandshakeStage = 'Open Session' | 'RAKP message 1' | 'RAKP message 3';

/** Whom we were setting a session up with. */
export type Attempt = { readonly bmc: string; readonly user: string };

/** Likely causes, the likeliest first, and what to do next. */
export type Advice = { readonly causes: readonly string[]; readonly next: string };

const NO_FREE_SESSION: Advice = {
  // Status 01h is ambiguous: Intel M50CYP answers it for a disabled cipher suite (FreeIPMI's list of defects).
  causes: ['every session of the BMC is in use', 'the cipher suite is disabled on the BMC'],
  next: 'close other sessions or wait a minute for idle ones to end; else check the BMC’s cipher suite settings',
};

const NO_SUCH_LEVEL: Advice = {
  causes: [
    'the account’s privilege limit on the LAN channel is lower than asked',
    'the cipher suite is disabled, or admits another level only',
  ],
  next: 'raise the account’s limit, or configure a lower `privilege`; the account’s own level, where a suite admits no other',
};

const advice: Readonly<Record<number, Advice>> = {
  [RakpStatus.insufficientResources]: NO_FREE_SESSION,
  11: NO_FREE_SESSION,
  [RakpStatus.invalidRole]: NO_SUCH_LEVEL,
  [RakpStatus.unauthorizedRole]: NO_SUCH_LEVEL,
  [RakpStatus.unauthorizedName]: {
    causes: ['the user name is wrong (case matters)', 'the account is disabled or has no access over LAN'],
    next: 'correct the credential; if the account was put right on the BMC instead, reset the authentication of this BMC',
  },
  [RakpStatus.invalidIntegrityCheckValue]: {
    causes: ['the password is wrong', 'the BMC stores the password for IPMI 1.5 only, cut to 16 bytes'],
    next: 'set the account’s password anew, as a 20-byte password',
  },
  [RakpStatus.noMatchingCipherSuite]: {
    causes: ['the BMC does not have this cipher suite, or has it disabled'],
    next: 'enable suite 17 or 3 on the BMC',
  },
  [RakpStatus.illegalParameter]: {
    causes: ['the cipher suite is disabled (MSI boards answer so)', 'a defect of the firmware'],
    next: 'enable suite 17 or 3 on the BMC, or update its firmware',
  },
};

const UNKNOWN_STATUS: Advice = { causes: ['a defect of the firmware'], next: 'try again; else restart the BMC' };

/** The BMC ended the handshake with a status. */
export function refusedByStatus(attempt: Attempt, stage: HandshakeStage, status: number, also = ''): ServiceError {
  const known = advice[status] ?? UNKNOWN_STATUS;
  const message = text(attempt, `${stage} refused with ${describeRakpStatus(status)}${also}`, known);
  const details = { stage, status, meaning: describeRakpStatus(status), ...known };
  const wrongCredential = status === RakpStatus.unauthorizedName || status === RakpStatus.invalidIntegrityCheckValue;
  return wrongCredential
    ? new AuthenticationError(message, { details })
    : new RakpStatusError(message, status, details);
}

/** The code of RAKP message 2 is not the one that our password gives. */
export function passwordUnknown(attempt: Attempt): AuthenticationError {
  const known: Advice = {
    causes: ['the password is wrong', 'something else than the BMC answers at this address'],
    next: 'correct the credential; if the account was put right on the BMC instead, reset the authentication of this BMC',
  };
  const message = text(attempt, 'RAKP message 2 shows that the BMC does not know this password', known);
  return new AuthenticationError(message, { details: { stage: 'RAKP message 2', ...known } });
}

/** The check value of RAKP message 4 is not the one that our K_G gives. */
export function keyUnknown(attempt: Attempt, kgSet: boolean): AuthenticationError {
  const known: Advice = {
    causes: [kgSet ? 'K_G is wrong' : 'the BMC has a K_G and none is configured'],
    next: 'correct K_G; if it was put right on the BMC instead, reset the authentication of this BMC',
  };
  const message = text(attempt, 'RAKP message 4 shows that the BMC has derived another session key', known);
  return new AuthenticationError(message, { details: { stage: 'RAKP message 4', ...known } });
}

/** A credential that was rejected before is not tried again: accounts lock. */
export function stillRejected(attempt: Attempt, reason: string): AuthenticationError {
  return new AuthenticationError(
    `open a session with BMC ${attempt.bmc} as "${attempt.user}": not tried, since the credential was rejected: ${reason}`,
    {
      details: {
        stage: 'before Open Session',
        hint: 'Correct the password. If the account was put right on the BMC instead, allow logins again: bootwright machines reset-bmc NAME, or resetAuthentication in the library.',
      },
    },
  );
}

/** Nothing came back at this stage, in any attempt. */
export function noAnswer(attempt: Attempt, stage: HandshakeStage, attempts: number, suiteId: number): UnreachableError {
  const known: Advice =
    stage === 'Open Session'
      ? {
          causes: [
            'the BMC is off, restarting, or not reachable from here',
            'IPMI over LAN is disabled on it',
            `it ignores cipher suite ${suiteId}`,
            'it speaks IPMI 1.5 only',
          ],
          next: 'check the address and route to UDP port 623, and the BMC’s LAN settings; for an old board allow `version` 1.5',
        }
      : {
          causes: ['the network loses packets', 'the BMC is busy or restarting'],
          next: 'try again',
        };
  const message = text(attempt, `no answer to ${stage} in ${attempts} attempts`, known);
  return new UnreachableError(message, { details: { stage, attempts, ...known } });
}

export function text({ bmc, user }: Attempt, what: string, { causes, next }: Advice): string {
  return `open a session with BMC ${bmc} as "${user}": ${what}; likely: ${causes.join(', or ')}; next: ${next}`;
}
