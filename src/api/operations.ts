import { type Request, type RequestHandler, Router } from 'express';
import type { Clock } from '../foundation/clock.ts';
import { abortable, withDeadline } from '../foundation/deadline.ts';
import { errorText } from '../foundation/errors.ts';
import { mayDo } from './access.ts';
import type { Authenticate } from './authentication.ts';
import { HttpError } from './http-error.ts';
import type { Metrics } from './metrics.ts';
import { forbidden } from './mount.ts';

export type OperationsParts = {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly authenticate: Authenticate;
  /** Reads something small from the store. */
  readonly probeStore: () => Promise<unknown>;
  readonly closing: AbortSignal;
};

const PROBE_MS = 2000;

/**
 * What supervisors and Prometheus ask. Health is open to all, since load balancers have no token and it says nothing
 * but yes or no; metrics tell how many machines there are, so they are for loopback and for tokens.
 */
export function operationsRouter(
  { clock, metrics, authenticate, probeStore, closing }: OperationsParts,
  { openMetrics, version }: { readonly openMetrics: boolean; readonly version: string },
): Router {
  const router = Router();
  const plain: RequestHandler = (_request, response, next) => {
    response.set('Cache-Control', 'no-store').type('text/plain');
    next();
  };
  router.get('/healthz', plain, (_request, response) => {
    response.send(`ok ${version}\n`);
  });
  router.get('/readyz', plain, async (_request, response) => {
    if (closing.aborted) throw new HttpError('not-ready', 'the service is closing');
    try {
      await withDeadline(clock, PROBE_MS, closing, 'read from the store', (signal) => abortable(probeStore(), signal));
    } catch (error) {
      throw new HttpError('not-ready', `the store does not answer: ${errorText(error)}`, { cause: error });
    }
    response.send('ready\n');
  });
  router.get('/metrics', async (request, response) => {
    if (!openMetrics && !fromThisHost(request)) {
      const caller = await authenticate(request);
      if (!mayDo(caller.role, 'read')) throw forbidden(caller.name, caller.role, 'read');
    }
    const { contentType, text } = await metrics.render();
    response.set('Cache-Control', 'no-store').set('Content-Type', contentType).send(text);
  });
  return router;
}

/** Whether the client is on this host, and not a proxy here that speaks for somebody else. */
export function fromThisHost(request: Request): boolean {
  const { headers, socket } = request;
  if (headers.forwarded !== undefined || headers['x-forwarded-for'] !== undefined || headers.via !== undefined)
    return false;
  const { remoteAddress } = socket;
  // A unix socket has no address; who may open it is up to its file's mode.
  if (remoteAddress === undefined) return !socket.destroyed;
  return remoteAddress === '::1' || /^(::ffff:)?127\./.test(remoteAddress);
}
