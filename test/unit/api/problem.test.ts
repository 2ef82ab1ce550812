import { describe, expect, it } from 'vitest';
import { HTTP_ERROR_CODES, HttpError } from '../../../src/api/http-error.ts';
import { problemOf } from '../../../src/api/problem.ts';
import { problemSchema } from '../../../src/api/schema/problem.ts';
import { LeaseLostError } from '../../../src/domain/lease-lost.ts';
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
  type ServiceError,
  UnreachableError,
} from '../../../src/foundation/errors.ts';

class HostKeyMismatch extends AuthenticationError {
  override readonly code = 'host-key-mismatch';
}

describe('problems', () => {
  it.each<[ServiceError, number, string]>([
    [new DecodeError('x'), 502, 'decode-failed'],
    [new RefusedError('x'), 502, 'refused'],
    [new AuthenticationError('x'), 502, 'authentication-failed'],
    [new HostKeyMismatch('x'), 502, 'host-key-mismatch'],
    [new UnreachableError('x'), 504, 'unreachable'],
    [new DeadlineError('x'), 504, 'deadline-passed'],
    [new InvalidRequestError('x'), 400, 'invalid-request'],
    [new NotFoundError('x'), 404, 'not-found'],
    [new ConflictError('x'), 409, 'conflict'],
  ])('%s answers %i with its own code and words', (error, status, code) => {
    const answer = problemOf(error, 'r1');
    expect(answer.status).toBe(status);
    expect(problemSchema.parse(answer.body)).toMatchObject({ status, code, detail: 'x', instance: 'r1' });
  });

  it.each([
    new BugError('secret words', { details: { inner: 'x' } }),
    new ConfigError('secret words', { details: { inner: 'x' } }),
    new LeaseLostError('secret words'),
    new Error('secret words'),
    'secret words',
    null,
    { status: 418, message: 'secret words' },
  ])('%s answers 500 and tells nothing', (error) => {
    const answer = problemOf(error, 'r1');
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer)).not.toMatch(/secret words|inner/);
    expect(answer.body.detail).toContain('r1');
  });

  it.each(HTTP_ERROR_CODES)('%s has a status of its own', (code) => {
    const { status, body, headers } = problemOf(new HttpError(code, 'x', { headers: { A: 'b' } }), 'r1');
    expect([status >= 400 && status !== 500, body.code, headers]).toEqual([true, code, { A: 'b' }]);
  });

  it('show a hint apart from the other details', () => {
    const { body } = problemOf(new ConflictError('x', { details: { hint: 'do this', runId: 'r' } }), 'r1');
    expect(body).toMatchObject({ hint: 'do this', details: { runId: 'r' } });
    expect(problemOf(new ConflictError('x', { details: { hint: 'do this' } }), 'r1').body.details).toBeUndefined();
  });
});
