import { type ErrorRequestHandler, json, type Request, type RequestHandler, type Response, Router } from 'express';
import { InvalidRequestError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import { mayDo, PERMISSIONS } from './access.ts';
import type { Authenticate, Caller } from './authentication.ts';
import { HttpError } from './http-error.ts';
import { problemOf } from './problem.ts';
import { requestIdOf } from './request-id.ts';
import type { Reply, Route } from './route.ts';

/** A machine with 16 keys is 10 KB; nothing sent here is larger. */
const LARGEST_BODY = '256kb';

/** Compressed bodies are refused: small ones gain nothing, and a bomb need not be defused. */
const parseJson = json({ limit: LARGEST_BODY, strict: true, inflate: false, type: () => true });

/** A router that serves the routes: who asks is settled before anything of the body is read. */
export function mountRoutes(routes: readonly Route[], authenticate: Authenticate): Router {
  const router = Router({ caseSensitive: true });
  const byPath = Map.groupBy(routes, ({ path }) => path);
  for (const [path, group] of byPath) {
    const expressPath = path.replaceAll(/\{(\w+)\}/g, ':$1');
    for (const route of group) router[route.method](expressPath, serve(route, authenticate));
    router.all(expressPath, refuseMethod(path, group));
  }
  router.use((request) => {
    throw new HttpError('no-such-route', `there is no ${request.method} ${request.baseUrl}${request.path}`, {
      details: { hint: 'See /api/v1/docs for all routes.' },
    });
  });
  return router;
}

/** The last word on anything thrown: a problem document, and a log line when the fault is ours. */
export function answerProblems(log: Log): ErrorRequestHandler {
  return (error, request, response, next) => {
    const requestId = requestIdOf(response);
    const { status, headers, body } = problemOf(error, requestId);
    const fields = { requestId, method: request.method, path: request.path, status, code: body.code };
    if (status === 500) log.error({ ...fields, error }, 'request failed');
    else log.debug(fields, body.detail);
    // Too late for an answer: express breaks the connection off, which is the only honest thing left.
    if (response.headersSent) next(error);
    else response.status(status).set(headers).type('application/problem+json').send(JSON.stringify(body));
  };
}

function serve(route: Route, authenticate: Authenticate): RequestHandler {
  return async (request, response) => {
    const caller = route.access === 'public' ? undefined : await authenticate(request);
    if (caller !== undefined) checkAccess(route, caller);
    if (route.body !== undefined) await readBody(request, response);
    const reply = await route.serve(request, response, caller);
    if (reply !== undefined) send(response, reply);
  };
}

function checkAccess(route: Route, { name, role }: Caller): void {
  if (route.access === 'public' || route.access === 'any-token' || mayDo(role, route.access)) return;
  throw forbidden(name, role, route.access);
}

/** The refusal for a permission, also for routes where it depends on the body. */
export function forbidden(name: string, role: string, permission: keyof typeof PERMISSIONS): HttpError {
  return new HttpError('forbidden', `${name} is ${role} and may not do this`, {
    details: { permission, hint: `It takes the role ${PERMISSIONS[permission]}.` },
  });
}

async function readBody(request: Request, response: Response): Promise<void> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';', 1);
  const absent = request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined;
  if (absent || request.headers['content-length'] === '0')
    throw new InvalidRequestError('the body is missing: send JSON');
  if (type.trim().toLowerCase() !== 'application/json') {
    throw new HttpError('unsupported-media-type', 'the body must be sent as Content-Type: application/json');
  }
  await new Promise<void>((resolve, reject) => {
    parseJson(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
  });
}

function refuseMethod(path: string, group: readonly Route[]): RequestHandler {
  const methods = group.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  return (request) => {
    throw new HttpError('method-not-allowed', `${request.method} is not possible on ${path}`, {
      headers: { Allow: methods.join(', ') },
    });
  };
}

function send(response: Response, { status, headers = {}, body, contentType }: Reply): void {
  response.status(status).set(headers);
  if (body === undefined) response.end();
  else if (contentType !== undefined) response.type(contentType).send(body);
  else response.json(body);
}
