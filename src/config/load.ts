import { readFile, stat } from 'node:fs/promises';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { ConfigError, errorText } from '../foundation/errors.ts';
import { type Config, configSchema } from './config-schema.ts';
import { formatPath, type Problem, problemsOf } from './problems.ts';

/** 20,000 machines of 1.5 KB each. */
const LARGEST_FILE_BYTES = 32 * 1024 * 1024;
/** So many problems are listed; a file that has more is most likely another file. */
const MOST_PROBLEMS = 50;

/**
 * Reads and checks the configuration file.
 * @param path YAML or JSON (which is YAML); none gives the defaults
 * @throws ConfigError listing every problem with its place in the file and what to do
 */
export async function loadConfig(path: string | undefined): Promise<Config> {
  if (path === undefined) return parseConfig('{}', 'defaults');
  return parseConfig(await readText(path), path);
}

/** The same of a text; `name` is for messages. */
export function parseConfig(text: string, name: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => `line ${lines.linePos(error.pos[0]).line}: ${error.message}`);
    throw badFile(name, 'is not valid YAML', problems);
  }
  const result = configSchema.safeParse(documentValue(document, name) ?? {}, { reportInput: true });
  if (result.success) return deepFreeze(result.data);
  const lineOf = ({ path }: Problem): string => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true);
      if (isNode(node) && node.range) return ` (line ${lines.linePos(node.range[0]).line})`;
    }
    return '';
  };
  const problems = problemsOf(result.error.issues).map(
    (problem) => `${formatPath(problem.path)}${lineOf(problem)}: ${problem.text}`,
  );
  throw badFile(name, 'cannot be used', problems);
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > LARGEST_FILE_BYTES) {
      throw new ConfigError(`configuration ${path}: ${size} bytes are more than ${LARGEST_FILE_BYTES}`);
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`configuration ${path} cannot be read: ${errorText(error)}`, { cause: error });
  }
}

function documentValue(document: ReturnType<typeof parseDocument>, name: string): unknown {
  try {
    // The library bounds how often aliases may be unfolded, against "billion laughs".
    return document.toJS();
  } catch (error) {
    throw badFile(name, 'is not usable YAML', [errorText(error)]);
  }
}

function badFile(name: string, what: string, problems: readonly string[]): ConfigError {
  const shown = problems.slice(0, MOST_PROBLEMS);
  const rest = problems.length - shown.length;
  const list = [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].map((line) => `\n  ${line}`).join('');
  return new ConfigError(`configuration ${name} ${what}:${list}`, { details: { file: name, problems: shown } });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
