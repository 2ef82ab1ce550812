import type { OpenApi, Operation } from './openapi.ts';

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #8886; }
details { border: 1px solid #8886; border-radius: 6px; margin: .5rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; }
code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { overflow: auto; background: #8881; padding: .6rem; border-radius: 4px; }
.method { display: inline-block; min-width: 4rem; font-weight: 600; text-transform: uppercase; }
.who { float: right; opacity: .7; }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid #8884; padding: .25rem .5rem; vertical-align: top; }
`;

/** The description as one page without scripts. @returns the page, and its style for the security policy's hash */
export function renderDocsPage(api: OpenApi): { readonly html: string; readonly style: string } {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const byTag = Map.groupBy(operations, ({ operation }) => operation.tags[0] ?? '');
  const sections = [...byTag].map(
    ([tag, group]) => `<h2>${escapeHtml(tag)}</h2>${group.map((each) => renderOperation(each)).join('')}`,
  );
  const schemas = Object.entries(api.components.schemas).map(
    ([name, schema]) =>
      `<details id="${escapeHtml(name)}"><summary><code>${escapeHtml(name)}</code></summary>${block(schema)}</details>`,
  );
  const intro = api.info.description.split('\n\n').map((paragraph) => `<p>${inline(paragraph)}</p>`);
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bootwright API</title><style>${STYLE}</style></head><body>
<h1>Bootwright API <small>${escapeHtml(api.info.version)}</small></h1>${intro.join('')}
<p>For programs: <a href="openapi.json">openapi.json</a>, <a href="config-schema.json">config-schema.json</a>.</p>
${sections.join('\n')}<h2>Schemas</h2>${schemas.join('')}</body></html>`;
  return { html, style: STYLE };
}

function renderOperation({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const parameters = (operation.parameters ?? []).map(
    ({ name, in: place, required, description = '' }) =>
      `<tr><td><code>${escapeHtml(String(name))}</code></td><td>${escapeHtml(String(place))}${required === true ? ', required' : ''}</td><td>${inline(String(description))}</td></tr>`,
  );
  const answers = Object.entries(operation.responses).map(
    ([status, { description, content }]) =>
      `<tr><td>${escapeHtml(status)}</td><td>${inline(String(description))}</td><td>${schemaLinks(content)}</td></tr>`,
  );
  return `<details><summary><span class="method">${escapeHtml(method)}</span><code>${escapeHtml(path)}</code> ${escapeHtml(operation.summary)}<span class="who">${escapeHtml(operation['x-permission'])}</span></summary>
${operation.description === undefined ? '' : `<p>${inline(operation.description)}</p>`}
${parameters.length === 0 ? '' : `<h4>Parameters</h4><table>${parameters.join('')}</table>`}
${operation.requestBody === undefined ? '' : `<h4>Body</h4>${schemaLinks(operation.requestBody.content)}`}
<h4>Answers</h4><table>${answers.join('')}</table></details>`;
}

/** Named schemas as links, others written out. */
function schemaLinks(content: unknown): string {
  return Object.entries((content ?? {}) as Record<string, { schema?: { $ref?: string } }>)
    .map(([type, { schema }]) => {
      const name = schema?.$ref?.split('/').at(-1);
      if (name !== undefined) return `<a href="#${escapeHtml(name)}">${escapeHtml(name)}</a>`;
      return schema === undefined ? `<code>${escapeHtml(type)}</code>` : block(schema);
    })
    .join(' ');
}

function block(schema: unknown): string {
  return `<pre>${escapeHtml(JSON.stringify(schema, null, 2))}</pre>`;
}

function inline(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
