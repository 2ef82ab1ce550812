import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import { CliError, EXIT } from './cli-error.ts';
import type { CliEnvironment } from './environment.ts';

/**
 * The machines that a file declares, unchecked: one, several, or a configuration file's list.
 * @param file YAML or JSON; - for standard input
 * @throws CliError when it cannot be read, or is no YAML
 */
export async function readMachines(file: string, { stdin }: Pick<CliEnvironment, 'stdin'>): Promise<unknown[]> {
  return machinesIn(file === '-' ? await text(stdin) : readFile(file), file);
}

function machinesIn(source: string, file: string): unknown[] {
  const documents = parseAllDocuments(source);
  if (!Array.isArray(documents)) throw new CliError(EXIT.usage, `${file} holds no machine`);
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new CliError(EXIT.usage, `${file} is not valid YAML: ${error.message}`);
    const value: unknown = document.toJS();
    if (typeof value === 'object' && value !== null && 'machines' in value && Array.isArray(value.machines))
      return value.machines;
    return Array.isArray(value) ? value : [value];
  });
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(EXIT.usage, `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
