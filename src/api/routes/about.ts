import { createHash } from 'node:crypto';
import { renderDocsPage } from '../docs-page.ts';
import { describeApi } from '../openapi.ts';
import type { ApiOptions } from '../parts.ts';
import { defineRoute, type Route } from '../route.ts';
import { CONTENT_SECURITY_POLICY } from '../security-headers.ts';

/** The API's description of itself. It says nothing about this installation, so no token is needed. */
export function aboutRoutes(described: readonly Route[], { version, schemas }: ApiOptions): readonly Route[] {
  const routes: Route[] = [
    defineRoute({
      method: 'get',
      path: '/openapi.json',
      tag: 'About',
      summary: 'This description (OpenAPI 3.1)',
      access: 'public',
      answers: { 200: { description: 'The description.', contentType: 'application/json' } },
      handle: async () => ({ status: 200, body: openapi() }),
    }),
    defineRoute({
      method: 'get',
      path: '/docs',
      tag: 'About',
      summary: 'This description as a page',
      access: 'public',
      answers: { 200: { description: 'The page.', contentType: 'text/html' } },
      async handle() {
        const { html, style } = renderDocsPage(openapi());
        const hash = createHash('sha256').update(style).digest('base64');
        const policy = CONTENT_SECURITY_POLICY.replace("style-src 'self'", `style-src 'sha256-${hash}'`);
        return { status: 200, headers: { 'Content-Security-Policy': policy }, contentType: 'text/html', body: html };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/config-schema.json',
      tag: 'About',
      summary: 'JSON Schema of the configuration file',
      access: 'public',
      answers: { 200: { description: 'The schema.', contentType: 'application/schema+json' } },
      handle: async () => ({
        status: 200,
        contentType: 'application/schema+json',
        body: JSON.stringify(schemas.config, null, 2),
      }),
    }),
  ];
  let cached: ReturnType<typeof describeApi> | undefined;
  const openapi = (): ReturnType<typeof describeApi> => {
    cached ??= describeApi([...described, ...routes], { version, machineSchema: schemas.machine });
    return cached;
  };
  return routes;
}
