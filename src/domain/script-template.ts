import { InvalidRequestError } from '../foundation/errors.ts';

/** What `${…}` may name in a script, with what stands for it when a machine asks. */
export const SCRIPT_VARIABLES = ['machine', 'mac', 'ip', 'base-url'] as const;
export type ScriptVariable = (typeof SCRIPT_VARIABLES)[number];

/** Larger scripts are no scripts; iPXE reads them into memory whole. */
export const LARGEST_SCRIPT = 64 * 1024;

type Part = { readonly text: string } | { readonly variable: ScriptVariable };

/** `$${` first, so that its second half is not taken for a variable. */
const TOKEN = /\$\$\{|\$\{([^{}\n]*)\}|\$\{/g;

/**
 * Checks a script and takes it apart. `${machine}`, `${mac}`, `${ip}` and `${base-url}` are ours; `$${…}` becomes iPXE's own
 * `${…}`; any other `${…}` is refused, since a misspelt one would become an empty word on the machine.
 * @throws InvalidRequestError saying what is wrong with it
 */
export function parseScriptTemplate(script: string): readonly Part[] {
  if (!/^#!ipxe[ \t]*\r?(\n|$)/.test(script)) throw new InvalidRequestError('script: its first line must be #!ipxe');
  if (Buffer.byteLength(script) > LARGEST_SCRIPT)
    throw new InvalidRequestError(`script: is longer than ${LARGEST_SCRIPT} bytes`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing control characters is the point
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(script))
    throw new InvalidRequestError('script: holds a control character');
  const parts: Part[] = [];
  let at = 0;
  for (const match of script.matchAll(TOKEN)) {
    if (match.index > at) parts.push({ text: script.slice(at, match.index) });
    at = match.index + match[0].length;
    if (match[0] === '$${') parts.push({ text: '${' });
    else parts.push({ variable: variableOf(match[1]) });
  }
  if (at < script.length) parts.push({ text: script.slice(at) });
  return parts;
}

/** What is wrong with a script; undefined when nothing is. */
export function scriptProblem(script: string): string | undefined {
  try {
    parseScriptTemplate(script);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidRequestError) return error.message.replace(/^script: /, '');
    throw error;
  }
}

/** Writes a script for one machine. Values are put in as they are: nothing in a script is markup. */
export function fillScriptTemplate(script: string, values: Readonly<Record<ScriptVariable, string>>): string {
  return parseScriptTemplate(script)
    .map((part) => ('text' in part ? part.text : values[part.variable]))
    .join('');
}

function variableOf(name: string | undefined): ScriptVariable {
  const found = SCRIPT_VARIABLES.find((known) => known === name);
  if (found !== undefined) return found;
  const what = name === undefined ? 'an opening "${" without its end' : `\${${name.slice(0, 40)}}, which is unknown`;
  throw new InvalidRequestError(
    `script: has ${what}; known are ${SCRIPT_VARIABLES.map((each) => `\${${each}}`).join(', ')}, and $\${…} is left to iPXE`,
  );
}
