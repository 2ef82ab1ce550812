import type { RequestHandler, Response } from 'express';
import { type Entropy, randomId } from '../foundation/entropy.ts';

const HEADER = 'X-Request-Id';

/** Numbers every request, so that an answer can be found in the log. */
export function numberRequests(entropy: Entropy): RequestHandler {
  return (_request, response, next) => {
    response.setHeader(HEADER, randomId(entropy, 12));
    next();
  };
}

export function requestIdOf(response: Response): string {
  return String(response.getHeader(HEADER) ?? '');
}
