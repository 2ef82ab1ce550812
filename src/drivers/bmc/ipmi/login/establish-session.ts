import { RefusedError, type ServiceError } from '../../../../foundation/errors.ts';
import { retrySchedule } from '../../../../foundation/retry-schedule.ts';
import type { Secret } from '../../../../foundation/secret.ts';
import type { CipherSuite } from '../../../../protocols/ipmi/cipher-suites.ts';
import { rakpKey } from '../../../../protocols/ipmi/rakp/keys.ts';
import { describeRakpStatus, RakpStatus } from '../../../../protocols/ipmi/rakp/status.ts';
import type { IpmiSettings } from '../options.ts';
import type { IpmiSession } from '../session/session.ts';
import type { IpmiLogin } from '../target.ts';
import { attemptHandshake, type HandshakeDeps, type HandshakeOutcome, type HandshakeProposal } from './handshake.ts';
import {
  type Attempt,
  keyUnknown,
  noAnswer,
  passwordUnknown,
  refusedByStatus,
  stillRejected,
} from './handshake-errors.ts';

export type SessionLogin = IpmiLogin & {
  readonly password: Secret;
  readonly kg: Secret | undefined;
  /** The credential's name in the BMC's memory. */
  readonly credential: string;
};

/** A suite that the BMC would not have, and how it said so. */
type SuiteRefusal = { readonly suite: CipherSuite; readonly outcome: HandshakeOutcome };

/**
 * Sets a session up: each suite in turn until one is agreed to, each attempt anew after silence, with growing waits.
 * A credential that the BMC has definitely rejected is not tried again until its memory is reset.
 * @throws AuthenticationError, UnreachableError, RefusedError: each names the stage, likely causes and the next step
 */
export async function establishSession(
  deps: HandshakeDeps,
  login: SessionLogin,
  settings: IpmiSettings,
  signal: AbortSignal,
): Promise<IpmiSession> {
  const { memory } = deps.link;
  const whom: Attempt = { bmc: deps.link.name, user: login.user };
  const rejection = memory.rejection(login.credential);
  if (rejection !== undefined) throw stillRejected(whom, rejection);

  const userKey = login.password.use(rakpKey);
  const bmcKey = login.kg ? login.kg.use(rakpKey) : userKey;
  const { userName, privilege } = login;
  const refusals: SuiteRefusal[] = [];
  const reject = (error: ServiceError): ServiceError => {
    memory.reject(login.credential, error.message);
    return error;
  };
  try {
    for (const suite of memory.candidates(login, settings.allowDowngrade)) {
      const outcome = await persist(deps, { suite, userName, privilege, userKey, bmcKey }, settings, signal);
      switch (outcome.kind) {
        case 'session':
          memory.agreed(suite);
          return outcome.session;
        case 'silent':
          throw noAnswer(whom, outcome.stage, settings.attempts, suite.id);
        case 'password-unknown':
          throw reject(passwordUnknown(whom));
        case 'key-unknown':
          throw reject(keyUnknown(whom, login.kg !== undefined));
        case 'refused': {
          if (outcome.stage === 'Open Session') break;
          const error = refusedByStatus(whom, outcome.stage, outcome.status);
          throw outcome.status === RakpStatus.unauthorizedName ? reject(error) : error;
        }
        case 'other-algorithms':
          break;
      }
      refusals.push({ suite, outcome });
    }
  } finally {
    userKey.fill(0);
    bmcKey.fill(0);
  }
  throw noSuite(whom, refusals, login, settings);
}

/** Attempts with one suite until the BMC says something that another attempt would not change. */
async function persist(
  deps: HandshakeDeps,
  proposal: Omit<HandshakeProposal, 'waitMs'>,
  settings: IpmiSettings,
  signal: AbortSignal,
): Promise<HandshakeOutcome> {
  const { firstWaitMs, attempts } = settings;
  let outcome: HandshakeOutcome = { kind: 'silent', stage: 'Open Session' };
  for (const waitMs of retrySchedule({ firstMs: firstWaitMs, attempts }, deps.entropy)) {
    outcome = await attemptHandshake(deps, { ...proposal, waitMs }, signal);
    if (outcome.kind !== 'silent' && !hasForgottenUs(outcome)) return outcome;
  }
  return outcome;
}

/** The BMC no longer knows the session it opened a moment ago: it restarted, or was too busy for too long. */
function hasForgottenUs(outcome: HandshakeOutcome): boolean {
  if (outcome.kind !== 'refused') return false;
  return outcome.status === RakpStatus.invalidSessionId || outcome.status === RakpStatus.inactiveSessionId;
}

/** Every suite that was allowed has been refused at Open Session. */
function noSuite(
  whom: Attempt,
  refusals: readonly SuiteRefusal[],
  login: IpmiLogin,
  settings: IpmiSettings,
): ServiceError {
  const answers = refusals.map(({ suite, outcome }) =>
    outcome.kind === 'refused'
      ? `suite ${suite.id}: ${describeRakpStatus(outcome.status)}`
      : `suite ${suite.id}: other algorithms granted than asked for`,
  );
  const pinned = !settings.allowDowngrade && refusals.length < login.suites.length;
  const note = pinned ? '; weaker suites were not tried, since this BMC has agreed to a stronger one before' : '';
  const first = refusals.find(({ outcome }) => outcome.kind === 'refused')?.outcome;
  if (first?.kind === 'refused') {
    return refusedByStatus(whom, 'Open Session', first.status, ` (${answers.join(', ')}${note})`);
  }
  return new RefusedError(
    `open a session with BMC ${whom.bmc} as "${whom.user}": Open Session: ${answers.join(', ')}${note}; ` +
      'likely: a defect of the firmware, or something on the path that weakens sessions; next: update the firmware',
    { details: { stage: 'Open Session', answers } },
  );
}
