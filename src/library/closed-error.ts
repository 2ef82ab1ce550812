import { ServiceError } from '../foundation/errors.ts';

/** The client or the `Ipmi` it came from has been disposed: nothing more is sent through it. */
export class IpmiClosedError extends ServiceError {
  readonly code: string = 'closed';
}
