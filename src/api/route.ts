import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Permission } from './access.ts';
import type { Caller } from './authentication.ts';
import { validate } from './validation.ts';

/** An ordinary answer. Streams write to the response themselves and return nothing. */
export type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, unless it is a Buffer or the content type says otherwise. */
  readonly body?: unknown;
  readonly contentType?: string;
};

export type RouteRequest<P, Q, B> = {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Who asks; routes that are public must not ask. */
  readonly caller: Caller;
  readonly request: Request;
  readonly response: Response;
};

/** One answer of a route, for the description. */
export type Answer = { readonly description: string; readonly schema?: z.ZodType; readonly contentType?: string };

/** How a route is described; the description page and OpenAPI are made from this. */
export type RouteDescription = {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** Below /api/v1, with parameters as OpenAPI writes them: `/machines/{name}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** `public`: without a token. */
  readonly access: Permission | 'public' | 'any-token';
  readonly headers?: readonly { readonly name: string; readonly description: string }[];
  /** Takes bytes of any length as they come; the handler reads them from the request. Default false. */
  readonly rawBody?: boolean;
  readonly answers: Readonly<Record<number, Answer>>;
};

export type RouteSpec<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> = RouteDescription & {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  handle(request: RouteRequest<z.output<P>, z.output<Q>, z.output<B>>): Promise<Reply | undefined>;
};

/** A route with its own types hidden, so that a list can hold many. */
export type Route = RouteDescription & {
  readonly params: z.ZodType | undefined;
  readonly query: z.ZodType | undefined;
  readonly body: z.ZodType | undefined;
  serve(request: Request, response: Response, caller: Caller | undefined): Promise<Reply | undefined>;
};

/** A question that a route does not know is refused, not ignored: somebody who asks for a condition believes that it holds. */
const NO_QUERY = z.strictObject({});

/** One route: its description, its schemas and its handler in one place. */
export function defineRoute<
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<P, Q, B>): Route {
  const { params, query, body } = spec;
  return {
    ...spec,
    params,
    query,
    body,
    serve(request, response, caller) {
      const checked = {
        params: part(params, request.params, 'path'),
        query: part(query, request.query, 'query'),
        body: part(body, request.body, 'body'),
        request,
        response,
        get caller(): Caller {
          if (caller === undefined) throw new TypeError('a public route asked who calls');
          return caller;
        },
      };
      return spec.handle(checked);
    },
  };
}

function part<T extends z.ZodType>(schema: T | undefined, value: unknown, where: string): z.output<T> {
  if (schema === undefined && where === 'query') validate(NO_QUERY, value, where);
  // Without a schema the type parameter is its default, whose output is undefined.
  return schema === undefined ? (undefined as z.output<T>) : validate(schema, value, where);
}
