import { type Command, Option } from 'commander';
import type { TokenPageBody } from '../../api/schema/page.ts';
import type { CreatedTokenBody, WhoamiBody } from '../../api/schema/token.ts';
import { contextOf } from '../context.ts';
import type { CliEnvironment } from '../environment.ts';
import { formatTable } from '../terminal.ts';
import { writeTokenFile } from '../token-file.ts';

const ROLES = ['viewer', 'operator', 'unlocker', 'admin'] as const;

/** `bootwright tokens …` and `bootwright whoami` */
export function addTokenCommands(program: Command, environment: CliEnvironment): void {
  const tokens = program.command('tokens').description('bearer tokens and their roles');
  tokens
    .command('list', { isDefault: true })
    .description('all tokens')
    .action(async (_options: unknown, command: Command) => {
      const { connection, terminal } = contextOf(command, environment);
      const { items } = (await connection.call({ method: 'GET', path: '/tokens' })) as TokenPageBody;
      if (terminal.json) return terminal.value(items);
      const rows = items.map(({ id, name, role, createdAt, lastUsedAt }) => [
        id,
        name,
        role,
        createdAt,
        lastUsedAt ?? 'never',
      ]);
      for (const line of formatTable(['ID', 'NAME', 'ROLE', 'MADE', 'LAST USED'], rows)) terminal.line(line);
    });
  tokens
    .command('create')
    .argument('<name>', 'who will hold it; stands beside every change')
    .addOption(new Option('-r, --role <role>', 'what it may do').choices(ROLES).makeOptionMandatory())
    .option('-o, --out <file>', 'write it there (mode 600) and do not show it')
    .description('make a token; it is shown once')
    .action(async (name: string, { role, out }: { role: string; out?: string }, command: Command) => {
      const { connection, terminal } = contextOf(command, environment);
      const made = (await connection.call({
        method: 'POST',
        path: '/tokens',
        body: { name, role },
      })) as CreatedTokenBody;
      const { token, ...rest } = made;
      if (out !== undefined) writeTokenFile(out, token);
      if (terminal.json) terminal.value(out === undefined ? made : rest);
      else terminal.line(out === undefined ? token : `token ${made.id} (${name}, ${role}) is in ${out}`);
    });
  tokens
    .command('remove')
    .argument('<id>')
    .description('remove a token; its sessions and feeds end')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { connection, terminal } = contextOf(command, environment);
      await connection.call({ method: 'DELETE', path: `/tokens/${encodeURIComponent(id)}` });
      if (!terminal.json) terminal.line(`token ${id} removed`);
    });
  program
    .command('whoami')
    .description('whose token this is and what it may do')
    .action(async (_options: unknown, command: Command) => {
      const { connection, terminal } = contextOf(command, environment);
      const who = (await connection.call({ method: 'GET', path: '/whoami' })) as WhoamiBody;
      if (terminal.json) terminal.value(who);
      else terminal.line(`${who.name}, ${who.role}: ${who.permissions.join(', ')}`);
    });
}
