/**
 * The errors of this service. Everything thrown on purpose derives from {@link ServiceError}; code branches on the
 * class or on `code`, never on the text. An abort is not an error: the signal's reason is rethrown untouched.
 */

/** Whether the same call may succeed when repeated. */
export type Retry = 'retry' | 'give-up';

/** Values fit to be shown to anyone who may see the run; never a secret. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

export type ErrorOptions = { readonly cause?: unknown; readonly details?: ErrorDetails; readonly retry?: Retry };

/** Base of all errors of ours. Message: what was tried, on what, what came back. */
export abstract class ServiceError extends Error {
  abstract readonly code: string;
  readonly retry: Retry;
  readonly details: ErrorDetails;

  constructor(message: string, options: ErrorOptions = {}, retry: Retry = 'give-up') {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.retry = options.retry ?? retry;
    this.details = options.details ?? {};
  }
}

/** The peer's bytes break its specification; the datagram is dropped and counted. */
export class DecodeError extends ServiceError {
  readonly code: string = 'decode-failed';
}

/** The peer understood and said no (completion code, RAKP status, TFTP ERROR, exit code). */
export class RefusedError extends ServiceError {
  readonly code: string = 'refused';
}

/** Wrong credentials, signature or host key; never retried, since that locks accounts. */
export class AuthenticationError extends ServiceError {
  readonly code: string = 'authentication-failed';
}

/** No answer within all attempts, or the socket failed. */
export class UnreachableError extends ServiceError {
  readonly code: string = 'unreachable';
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options, 'retry');
  }
}

/** The whole operation's time is over. */
export class DeadlineError extends ServiceError {
  readonly code: string = 'deadline-passed';
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options, 'retry');
  }
}

/** Refused at start: the configuration cannot be used. */
export class ConfigError extends ServiceError {
  readonly code: string = 'bad-configuration';
}

/** The caller's request is malformed. */
export class InvalidRequestError extends ServiceError {
  readonly code: string = 'invalid-request';
}

/** The caller named something that is not there. */
export class NotFoundError extends ServiceError {
  readonly code: string = 'not-found';
}

/** The request is fine but the present state forbids it. */
export class ConflictError extends ServiceError {
  readonly code: string = 'conflict';
}

/** An invariant of ours is broken. */
export class BugError extends ServiceError {
  readonly code: string = 'bug';
}

/** For the `default` of an exhaustive switch. @throws BugError always */
export function unreachableCase(value: never, what: string): never {
  throw new BugError(`${what}: unexpected value ${JSON.stringify(value)}`);
}

/** The text of any thrown thing, for a message that goes on after a colon. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Rethrows the signal's reason when it has fired; call it first in a `catch`, since an abort is not a failure. */
export function rethrowAbort(signal: AbortSignal): void {
  if (signal.aborted) throw signal.reason;
}
