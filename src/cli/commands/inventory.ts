import type { Command } from 'commander';
import type { FruBody, InventoryBody } from '../../api/schema/hardware.ts';
import { contextOf } from '../context.ts';
import type { CliEnvironment } from '../environment.ts';
import { cell, type Terminal } from '../terminal.ts';
import { callBmc } from './bmc-call.ts';

/** `bootwright inventory NAME` */
export function addInventoryCommand(program: Command, environment: CliEnvironment): void {
  program
    .command('inventory')
    .argument('<machine>', 'name or id')
    .description('what is written on the replaceable parts')
    .action(async (name: string, _options: unknown, command: Command) => {
      const context = contextOf(command, environment);
      const { terminal } = context;
      const { items } = (await callBmc(context, 'GET', name, 'inventory')) as InventoryBody;
      if (terminal.json) return terminal.value(items);
      if (items.length === 0) terminal.remark('the BMC knows of no parts');
      for (const [index, part] of items.entries()) {
        if (index > 0) terminal.line('');
        printPart(terminal, part);
      }
    });
}

function printPart(terminal: Terminal, { id, name, chassis, board, product, problems }: FruBody): void {
  terminal.line(`${cell(name)} (${id})`);
  const areas = { chassis, board, product };
  const rows = Object.entries(areas).flatMap(([area, fields]) =>
    Object.entries(fields ?? {}).map(([field, value]) => [area, cell(field), cell(value)] as const),
  );
  const width = Math.max(0, ...rows.map(([, field]) => field.length));
  for (const [area, field, value] of rows) terminal.line(`  ${area.padEnd(7)}  ${field.padEnd(width)}  ${value}`);
  for (const problem of problems) terminal.line(`  not read: ${cell(problem)}`, 'yellow');
  if (rows.length === 0 && problems.length === 0) terminal.line('  nothing is written on it', 'dim');
}
