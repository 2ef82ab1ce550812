import type { MachineSpec } from '../domain/machine.ts';
import { InvalidRequestError } from '../foundation/errors.ts';
import { machineSpecSchema } from './machine-schema.ts';
import { formatPath, problemsOf } from './problems.ts';

const COMMANDS_REFUSED =
  'refers to a secret by command, which is refused through the API: set secrets.commandsThroughApi in the configuration, or declare the machine there';

/** Checks a machine that somebody declares at run time, by the schema of the configuration file. */
export type ParseMachineSpec = (value: unknown) => MachineSpec;

/**
 * @param options.commands whether `{command: […]}` may be used: it runs programs as the service
 * @returns a function that throws InvalidRequestError with every problem in `details.problems`
 */
export function createParseMachineSpec(options: { readonly commands: boolean }): ParseMachineSpec {
  return (value) => {
    const result = machineSpecSchema.safeParse(value, { reportInput: true });
    const problems = result.success
      ? commandPaths(result.data).map((path) => `${path}: ${COMMANDS_REFUSED}`)
      : problemsOf(result.error.issues).map(({ path, text }) => `${formatPath(path)}: ${text}`);
    if (result.success && (options.commands || problems.length === 0)) return result.data;
    throw new InvalidRequestError(`the machine cannot be declared: ${problems[0] ?? ''}`, { details: { problems } });
  };
}

function commandPaths(spec: MachineSpec): string[] {
  const paths: string[] = [];
  const walk = (value: unknown, path: PropertyKey[]): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('command' in value && Array.isArray(value.command)) paths.push(formatPath(path));
    else if (Array.isArray(value)) for (const [index, part] of value.entries()) walk(part, [...path, index]);
    else for (const [key, part] of Object.entries(value)) walk(part, [...path, key]);
  };
  walk(spec, []);
  return paths;
}
