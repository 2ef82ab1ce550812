import { StorageFullError } from '../domain/ports/assets.ts';
import {
  AuthenticationError,
  BugError,
  ConfigError,
  ConflictError,
  DeadlineError,
  DecodeError,
  InvalidRequestError,
  NotFoundError,
  RefusedError,
  ServiceError,
  UnreachableError,
} from '../foundation/errors.ts';
import { HttpError } from './http-error.ts';
import type { ProblemBody } from './schema/problem.ts';

/** The one table from errors to answers; a subclass answers as its base does. The first match counts. */
const STATUS: readonly (readonly [abstract new (...args: never[]) => ServiceError, number, string])[] = [
  [InvalidRequestError, 400, 'The request is not valid'],
  [NotFoundError, 404, 'Not found'],
  [ConflictError, 409, 'The present state forbids it'],
  [DecodeError, 502, 'A peer sent what its specification forbids'],
  [RefusedError, 502, 'A peer refused'],
  [AuthenticationError, 502, 'A peer could not be authenticated with, or did not prove itself'],
  [UnreachableError, 504, 'A peer did not answer'],
  [DeadlineError, 504, 'The time was over'],
  [StorageFullError, 507, 'There is no room'],
  [ConfigError, 500, 'The configuration does not work'],
  [BugError, 500, 'An error in the service itself'],
];

export type ProblemAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ProblemBody;
};

/**
 * Any thrown thing as an answer of media type `application/problem+json`. Errors of ours are shown as they are; of
 * anything else nothing is told but the number under which the log has it.
 * @see RFC 9457 §3
 */
export function problemOf(thrown: unknown, requestId: string): ProblemAnswer {
  const error = asServiceError(thrown);
  const row = STATUS.find(([type]) => error instanceof type);
  const status = error instanceof HttpError ? error.status : (row?.[1] ?? 500);
  const title = error instanceof HttpError ? titleOf(error) : (row?.[2] ?? 'An error in the service itself');
  const hidden = status === 500;
  const { hint, ...details } = error.details;
  return {
    status,
    headers: error instanceof HttpError ? error.headers : {},
    body: {
      type: `urn:bootwright:problem:${error.code}`,
      title,
      status,
      code: error.code,
      detail: hidden
        ? `Something went wrong in the service; its log has it under request ${requestId}.`
        : error.message,
      instance: requestId,
      ...(typeof hint === 'string' ? { hint } : {}),
      ...(hidden || Object.keys(details).length === 0 ? {} : { details }),
    },
  };
}

/** Errors of express and its body parser carry a `type` or a `status`; all else that is not ours is a bug. */
function asServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  if (typeof thrown === 'object' && thrown !== null) {
    const type = 'type' in thrown ? thrown.type : undefined;
    const known = typeof type === 'string' ? BODY_ERRORS[type] : undefined;
    if (known !== undefined) return known(thrown);
    if (thrown instanceof URIError || ('status' in thrown && thrown.status === 400)) {
      return new InvalidRequestError('the request is malformed: its path or its framing cannot be read', {
        cause: thrown,
      });
    }
  }
  return new BugError('unexpected error', { cause: thrown });
}

/** What the body parser throws, by its `type`. */
const BODY_ERRORS: Readonly<Record<string, (cause: unknown) => ServiceError>> = {
  'entity.parse.failed': (cause) =>
    new InvalidRequestError('the body is not valid JSON (an object or array)', { cause }),
  'entity.too.large': (cause) => new HttpError('payload-too-large', 'the body is larger than is taken here', { cause }),
  'encoding.unsupported': (cause) =>
    new HttpError('unsupported-media-type', 'the content encoding of the body is not supported: send it plain', {
      cause,
    }),
  'charset.unsupported': (cause) =>
    new HttpError('unsupported-media-type', 'the character set of the body is not supported: send UTF-8', { cause }),
  'request.size.invalid': (cause) =>
    new InvalidRequestError('the body is not as long as Content-Length says', { cause }),
  'request.aborted': (cause) => new InvalidRequestError('the request was broken off', { cause }),
};

function titleOf(error: HttpError): string {
  const words = error.code.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
