import type { Command } from 'commander';
import type { LoadersBody } from '../../api/schema/loaders.ts';
import { contextOf } from '../context.ts';
import type { CliEnvironment } from '../environment.ts';
import { formatTable } from '../terminal.ts';

/** `bootwright loaders MACHINE [--forget]` */
export function addLoadersCommand(program: Command, environment: CliEnvironment): void {
  program
    .command('loaders')
    .argument('<machine>', 'name or id')
    .option('--forget', 'forget it: the next boot begins with the first loader again')
    .description('which boot loaders worked for a machine, and which hung')
    .action(async (name: string, { forget = false }: { forget?: boolean }, command: Command) => {
      const { connection, terminal } = contextOf(command, environment);
      const path = `/machines/${encodeURIComponent(name)}/loaders`;
      if (forget) {
        await connection.call({ method: 'DELETE', path });
        if (!terminal.json) terminal.line(`what loaders ${name} boots with is forgotten`);
        return;
      }
      const { ordered, items } = (await connection.call({ method: 'GET', path })) as LoadersBody;
      if (terminal.json) return terminal.value({ ordered, items });
      if (ordered !== null) terminal.line(`its declaration says ${ordered}, whatever was learnt`);
      if (items.length === 0) return terminal.line('nothing was learnt yet');
      const rows = items.map(({ mac, architecture, proven, hung }) => [
        mac,
        String(architecture),
        proven?.loader ?? '-',
        proven?.provenAt ?? '-',
        hung.join(', ') || '-',
      ]);
      for (const line of formatTable(['MAC', 'ARCHITECTURE', 'WORKS', 'SINCE', 'HUNG'], rows)) terminal.line(line);
    });
}
