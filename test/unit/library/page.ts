import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  keyUnknown,
  noAnswer,
  passwordUnknown,
  refusedByStatus,
} from '../../../src/drivers/bmc/ipmi/login/handshake-errors.ts';
import { noAnswerV15, unansweredActivation } from '../../../src/drivers/bmc/ipmi/login/handshake-v15-errors.ts';
import { quirks } from '../../../src/drivers/bmc/ipmi/quirks.ts';
import type { ServiceError } from '../../../src/foundation/errors.ts';
import { describeRakpStatus, RakpStatus } from '../../../src/protocols/ipmi/rakp/status.ts';

const SRC = join(import.meta.dirname, '..', '..', '..', 'src');
export const PAGE = join(SRC, 'library', 'ipmi.md');
export const EXAMPLES = join(SRC, 'library', 'examples');

/** The page with its examples and tables as they are in the code now. */
export function renderPage(page: string): string {
  const withExamples = page.replaceAll(
    /^<!-- example ([a-z-]+\.ts) -->\n(?:\n?```ts\n[\s\S]*?^```\n)?/gm,
    (_match, name: string) =>
      `<!-- example ${name} -->\n\`\`\`ts\n${readFileSync(join(EXAMPLES, name), 'utf8')}\`\`\`\n`,
  );
  const tables: Readonly<Record<string, () => string>> = {
    logins: loginTable,
    account: () => optionTable('IpmiTarget', ['password', 'kg']),
    options: () => optionTable('IpmiOptions', []),
    quirks: quirkTable,
  };
  return withExamples.replaceAll(
    /^<!-- (logins|account|options|quirks) -->\n[\s\S]*?^<!-- \/\1 -->$/gm,
    (_match, name: string) => `<!-- ${name} -->\n${tables[name]?.() ?? ''}<!-- /${name} -->`,
  );
}

function quirkTable(): string {
  const rows = quirks.map(({ name, handling, defect, answer, source }) => [
    `\`${name}\``,
    handling,
    defect,
    answer,
    source,
  ]);
  return table(['name', 'handling', 'what the controller does', 'what is done about it', 'seen on, by'], rows);
}

/** One row for each way in which a login can fail, from the functions that make the errors. */
function loginTable(): string {
  const whom = { bmc: '', user: '' };
  const statuses = Object.values(RakpStatus).filter((status) => status !== RakpStatus.ok);
  const failures: readonly (readonly [string, ServiceError])[] = [
    ['no answer', noAnswer(whom, 'Open Session', 4, 17)],
    ['no answer', noAnswer(whom, 'RAKP message 1', 4, 17)],
    ['a code that this password does not give', passwordUnknown(whom)],
    ['a check value that the keys do not give', keyUnknown(whom, false)],
    ['the same, with a K_G given', keyUnknown(whom, true)],
    ...statuses.map((status) => [describeRakpStatus(status), refusedByStatus(whom, 'Open Session', status)] as const),
    ['no answer (IPMI 1.5)', noAnswerV15(whom, 4)],
    ['no answer (IPMI 1.5)', unansweredActivation(whom)],
  ];
  const rows = failures.map(([cameBack, error]) => {
    const { stage, causes, next } = error.details;
    // Statuses come at any stage, most of them at the first or the second.
    const where = cameBack.includes('h ') && /^[0-9A-F]{2}h /.test(cameBack) ? 'any' : String(stage);
    return [where, cameBack, `\`${error.code}\``, textOf(causes), String(next)];
  });
  return table(['stage', 'what came back', '`code`', 'likely causes', 'next step'], rows);
}

const textOf = (causes: unknown): string => (Array.isArray(causes) ? causes.join('; ') : String(causes));

/** The fields of a type in the driver's options, by the comments that stand above them there. */
function optionTable(type: string, without: readonly string[]): string {
  const source = readFileSync(join(SRC, 'drivers', 'bmc', 'ipmi', 'options.ts'), 'utf8');
  const body = new RegExp(`^export type ${type} = \\{\\n([\\s\\S]*?)^\\};`, 'm').exec(source)?.[1] ?? '';
  const fields = [...body.matchAll(/\/\*\*([\s\S]*?)\*\/\s+readonly (\w+)\??:/g)];
  const rows = fields
    .map(([, comment = '', name = '']) => [name, comment.replaceAll(/\s*\n\s*\* ?/g, ' ').trim()])
    .filter(([name = '']) => !without.includes(name))
    .map(([name, comment = '']) => [`\`${name}\``, comment]);
  return table(['name', 'meaning'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}
