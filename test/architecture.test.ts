import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

// The import table of the project: an arrow that is not here is a design error, not a detail.
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  foundation: [],
  protocols: ['foundation/bytes', 'foundation/errors.ts'],
  domain: ['foundation'],
  config: ['foundation', 'domain'],
  store: ['foundation', 'domain'],
  drivers: ['foundation', 'protocols', 'domain'],
  netboot: ['foundation', 'protocols', 'domain'],
  steps: ['foundation', 'domain'],
  runs: ['foundation', 'domain'],
  api: ['foundation', 'domain', 'runs'],
  cli: [],
  web: [],
  simulator: ['foundation', 'protocols'],
  library: ['foundation', 'protocols', 'domain', 'drivers/bmc/ipmi', 'drivers/console'],
};

/** Packages and I/O built-ins, each only at the edge that needs it. `main` wires, so it may use any. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  express: ['api', 'netboot'],
  ssh2: ['drivers/ssh', 'simulator'],
  'node-forge': ['netboot/http/tls'],
  kysely: ['store'],
  zod: ['config', 'api', 'protocols/redfish'],
  yaml: ['config', 'cli'],
  'prom-client': ['api'],
  commander: ['cli'],
  ws: ['api', 'cli'],
  react: ['web'],
  'react-dom': ['web'],
  vite: ['web'],
  '@vitejs/plugin-react': ['web'],
  pino: [],
  'node:sqlite': ['store'],
  'node:dgram': ['foundation'],
  'node:worker_threads': ['foundation', 'store'],
  'node:child_process': ['drivers', 'simulator'],
};

/** The published entry, whose exports are its interface: the one place for re-exports. */
const PUBLISHED_ENTRIES: readonly string[] = ['library/ipmi.ts'];
/** Programs that show the library from outside: they import it by its name, and read their environment. */
const EXAMPLES = 'library/examples/';

const LIMIT = 400;
const SRC = join(import.meta.dirname, '..', 'src');

type Source = {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly Import[];
};
type Import = { readonly from: string; readonly typeOnly: boolean };

const sources = filesBelow(SRC)
  .filter((path) => /\.(ts|tsx)$/.test(path))
  .map(readSource);

describe('architecture', () => {
  it('finds the sources', () => {
    expect(sources.length).toBeGreaterThan(50);
  });

  it('has only the import arrows of the table', () => {
    const wrong = sources.flatMap((source) =>
      localTargets(source)
        .filter((to) => !allowed(source, to))
        .map((to) => `${source.path} -> ${to.path}`),
    );
    expect(wrong).toEqual([]);
  });

  it('shows the library by its published name only', () => {
    const inside = sources
      .filter((source) => source.path.startsWith(EXAMPLES))
      .flatMap((source) => localTargets(source).filter((to) => !to.path.startsWith(EXAMPLES)));
    expect(inside).toEqual([]);
  });

  it('uses packages and I/O built-ins only at their edges', () => {
    const wrong = sources.flatMap((source) =>
      source.imports
        .filter(({ from }) => !from.startsWith('.') && !packageAllowed(source, from))
        .map(({ from }) => `${source.path} imports ${from}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has no import cycle', () => {
    expect(findCycle()).toBeUndefined();
  });

  it(`has no file over ${LIMIT} lines`, () => {
    const long = sources.filter((source) => source.text.split('\n').length - 1 > LIMIT).map((source) => source.path);
    expect(long).toEqual([]);
  });

  it('has a README in every folder of src', () => {
    const folders = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(
      folders.filter((entry) => !existsSync(join(SRC, entry.name, 'README.md'))).map((entry) => entry.name),
    ).toEqual([]);
  });

  it('takes time, randomness and environment from foundation and config only', () => {
    const forbidden = /\bDate\.now\(|\bnew Date\(\)|\bsetTimeout\(|\bsetInterval\(|\bMath\.random\(|\bprocess\.env\b/;
    const free = ['foundation', 'config', 'web'];
    const wrong = sources
      .filter((source) => !free.includes(source.folder) && source.path !== 'cli/environment.ts')
      .filter((source) => !source.path.startsWith(EXAMPLES))
      .flatMap((source) =>
        codeLines(source)
          .filter((line) => forbidden.test(line))
          .map((line) => `${source.path}: ${line.trim()}`),
      );
    expect(wrong).toEqual([]);
  });

  it('has no enum, namespace, any or non-erasable syntax left to a later day', () => {
    const wrong = sources.flatMap((source) =>
      codeLines(source)
        .filter((line) => /\bTODO\b|\bFIXME\b|: any\b|as any\b|^\s*(export )?(const )?enum /.test(line))
        .map((line) => `${source.path}: ${line.trim()}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has no barrel file', () => {
    const barrels = sources
      .filter((source) => !PUBLISHED_ENTRIES.includes(source.path))
      .filter((source) => /^export (\*|(type )?\{[^}]*\}) from/m.test(source.text))
      .map((source) => source.path);
    expect(barrels).toEqual([]);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes(`${sep}node_modules${sep}`));
}

function readSource(file: string): Source {
  const text = readFileSync(file, 'utf8');
  const path = relative(SRC, file).split(sep).join('/');
  const imports = [
    ...text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)'/gm),
    ...text.matchAll(/^import\s+()'([^']+)'/gm),
  ].map((match) => ({ typeOnly: match[1] !== undefined && match[1] !== '', from: match[2] ?? '' }));
  const dynamic = [...text.matchAll(/\bimport\(\s*'([^']+)'/g)].map((match) => ({
    typeOnly: false,
    from: match[1] ?? '',
  }));
  return {
    path,
    folder: path.includes('/') ? (path.split('/')[0] ?? '') : 'main',
    text,
    imports: [...imports, ...dynamic],
  };
}

function localTargets(source: Source): { path: string; typeOnly: boolean }[] {
  return source.imports
    .filter(({ from }) => from.startsWith('.'))
    .map(({ from, typeOnly }) => ({
      typeOnly,
      path: relative(SRC, join(SRC, dirname(source.path), from))
        .split(sep)
        .join('/'),
    }));
}

function allowed(source: Source, to: { path: string; typeOnly: boolean }): boolean {
  if (source.folder === 'main' || to.path.startsWith(`${source.folder}/`)) return true;
  // CLI and pages use the public API only: its types, never its code.
  if (source.folder === 'cli' || source.folder === 'web') return to.typeOnly && to.path.startsWith('api/schema/');
  const table = MAY_IMPORT[source.folder];
  if (table === undefined) return false;
  if (source.folder === 'drivers' && to.path.startsWith('drivers/')) return true;
  return table.some((prefix) => to.path === prefix || to.path.startsWith(`${prefix}/`));
}

function packageAllowed(source: Source, from: string): boolean {
  if (source.folder === 'main') return true;
  if (from === 'bootwright/ipmi') return source.path.startsWith(EXAMPLES);
  if (from.startsWith('node:')) {
    if (source.folder === 'protocols' || source.folder === 'domain') return from === 'node:crypto';
    if (source.folder === 'steps' || source.folder === 'runs') return false;
    const edges = PACKAGES[from];
    return edges === undefined || edges.some((edge) => source.path.startsWith(`${edge}/`));
  }
  const name = from.startsWith('@') ? from.split('/').slice(0, 2).join('/') : (from.split('/')[0] ?? '');
  return (PACKAGES[name] ?? []).some((edge) => source.path.startsWith(`${edge}/`));
}

function findCycle(): string[] | undefined {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    const source = byPath.get(path);
    if (done.has(path) || source === undefined) return undefined;
    trail.push(path);
    for (const to of localTargets(source)) {
      const cycle = visit(to.path);
      if (cycle) return cycle;
    }
    trail.pop();
    done.add(path);
    return undefined;
  };
  for (const { path } of sources) {
    const cycle = visit(path);
    if (cycle) return cycle;
  }
  return undefined;
}

/** Lines that are not comments. */
function codeLines(source: Source): string[] {
  return source.text.split('\n').filter((line) => !/^\s*(\*|\/\/|\/\*)/.test(line));
}
