import { ServiceError } from '../foundation/errors.ts';

/** Somebody else owns the run now: write nothing, stop at once. */
export class LeaseLostError extends ServiceError {
  readonly code = 'lease-lost';
}
