import { RefusedError, type ServiceError } from '../../../../foundation/errors.ts';
import type { CipherSuite } from '../../../../protocols/ipmi/cipher-suites.ts';
import { rakpKey } from '../../../../protocols/ipmi/rakp/keys.ts';
import { describeRakpStatus, RakpStatus } from '../../../../protocols/ipmi/rakp/status.ts';
import { answerWaits } from '../link/answer-times.ts';
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
import { establishSessionV15 } from './handshake-v15.ts';
import type { SessionLogin } from './session-login.ts';

/** How long a credential rests after a rejection that may be the BMC's own fault. */
const DOUBTFUL_REJECTION_MS = 60_000;

/** A suite or level that the BMC would not have, and how it said so. */
type Refusal = { readonly suite: CipherSuite; readonly level: number; readonly outcome: HandshakeOutcome };

/**
 * Sets a session up: each suite in turn until one is agreed to, each attempt anew after silence, with growing waits; a
 * level that the account does not have is lowered. A credential that the BMC has rejected is not tried again until its
 * memory is reset.
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
  if (login.version === '1.5') return establishSessionV15(deps, login, settings, signal);

  const userKey = login.password.use(rakpKey);
  const bmcKey = login.kg ? login.kg.use(rakpKey) : userKey;
  const { userName, lookup, quirks } = login;
  const refusals: Refusal[] = [];
  const reject = (error: ServiceError, forMs?: number): ServiceError => {
    memory.reject(login.credential, error.message, forMs);
    return error;
  };
  try {
    for (const { suite, level } of proposals(deps, login, settings, refusals)) {
      const proposal = { suite, userName, privilege: level, lookup, userKey, bmcKey, quirks };
      const outcome = await persist(deps, proposal, settings, signal);
      switch (outcome.kind) {
        case 'session':
          memory.agreed(suite);
          memory.granted(login.credential, level);
          return outcome.session;
        case 'silent':
          throw noAnswer(whom, outcome.stage, settings.attempts, suite.id);
        case 'password-unknown':
          throw reject(passwordUnknown(whom));
        case 'key-unknown':
          throw reject(keyUnknown(whom, login.kg !== undefined));
        case 'refused': {
          if (outcome.stage === 'Open Session' || refusesLevel(outcome)) break;
          const error = refusedByStatus(whom, outcome.stage, outcome.status);
          if (outcome.status === RakpStatus.unauthorizedName) throw reject(error);
          // 0Fh after the BMC had shown that it knows the password: a defect as often as not, but tries count there.
          throw outcome.status === RakpStatus.invalidIntegrityCheckValue ? reject(error, DOUBTFUL_REJECTION_MS) : error;
        }
        case 'other-algorithms':
          break;
      }
      refusals.push({ suite, level, outcome });
    }
  } finally {
    userKey.fill(0);
    bmcKey.fill(0);
  }
  throw noSuite(whom, refusals, login, settings);
}

/**
 * What to propose, best first: every suite, and of each the lower levels as well, but those only when the level was what
 * was refused. A refusal of the level by Supermicro boards may mean the suite, so both are gone through.
 */
function* proposals(
  { link: { memory } }: HandshakeDeps,
  login: SessionLogin,
  settings: IpmiSettings,
  refusals: readonly Refusal[],
): Generator<{ readonly suite: CipherSuite; readonly level: number }> {
  for (const suite of memory.candidates(login, settings.allowDowngrade)) {
    for (const level of memory.levels(login, login.credential)) {
      yield { suite, level };
      const last = refusals.at(-1)?.outcome;
      if (last?.kind !== 'refused' || !refusesLevel(last)) break;
    }
  }
}

function refusesLevel({ status }: { readonly status: number }): boolean {
  return status === RakpStatus.invalidRole || status === RakpStatus.unauthorizedRole;
}

/** Attempts with one suite until the BMC says something that another attempt would not change. */
async function persist(
  deps: HandshakeDeps,
  proposal: Omit<HandshakeProposal, 'waitMs'>,
  settings: IpmiSettings,
  signal: AbortSignal,
): Promise<HandshakeOutcome> {
  const { entropy } = deps;
  const { times } = deps.link;
  let outcome: HandshakeOutcome = { kind: 'silent', stage: 'Open Session' };
  for (const waitMs of answerWaits({ times, entropy }, settings, settings.attempts)) {
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

/** Every suite that was allowed has been refused, at every level. */
function noSuite(whom: Attempt, refusals: readonly Refusal[], login: IpmiLogin, settings: IpmiSettings): ServiceError {
  const answers = [
    ...new Set(
      refusals.map(({ suite, outcome }) =>
        outcome.kind === 'refused'
          ? `suite ${suite.id}: ${describeRakpStatus(outcome.status)}`
          : `suite ${suite.id}: other algorithms granted than asked for`,
      ),
    ),
  ];
  const tried = new Set(refusals.map(({ suite }) => suite.id)).size;
  const pinned = !settings.allowDowngrade && tried < login.suites.length;
  const note = pinned ? '; weaker suites were not tried, since this BMC has agreed to a stronger one before' : '';
  const first = refusals.find(({ outcome }) => outcome.kind === 'refused')?.outcome;
  if (first?.kind === 'refused') {
    return refusedByStatus(whom, first.stage, first.status, ` (${answers.join(', ')}${note})`);
  }
  return new RefusedError(
    `open a session with BMC ${whom.bmc} as "${whom.user}": Open Session: ${answers.join(', ')}${note}; ` +
      'likely: a defect of the firmware, or something on the path that weakens sessions; next: update the firmware',
    { details: { stage: 'Open Session', answers } },
  );
}
