import type { Command } from 'commander';
import type { HealthBody, SensorBody, SensorsBody } from '../../api/schema/hardware.ts';
import { type Context, contextOf } from '../context.ts';
import type { CliEnvironment } from '../environment.ts';
import { type Color, cell, formatTable } from '../terminal.ts';
import { callBmc } from './bmc-call.ts';

type SensorsOptions = { readonly problems?: boolean; readonly type?: string };

/** `bootwright sensors NAME` */
export function addSensorsCommand(program: Command, environment: CliEnvironment): void {
  program
    .command('sensors')
    .argument('<machine>', 'name or id')
    .option('-p, --problems', 'only with a health of warning or worse')
    .option('-t, --type <type>', 'only of this type: temperature, fan, voltage, …')
    .description('sensors with their readings, worst first')
    .action(async (name: string, options: SensorsOptions, command: Command) => {
      await showSensors(contextOf(command, environment), name, options);
    });
}

async function showSensors(context: Context, name: string, { problems, type }: SensorsOptions): Promise<void> {
  const { terminal } = context;
  const query = new URLSearchParams({
    ...(problems === true ? { problems: 'true' } : {}),
    ...(type === undefined ? {} : { type }),
  });
  const { items } = (await callBmc(context, 'GET', name, `sensors?${query}`)) as SensorsBody;
  if (terminal.json) return terminal.value(items);
  if (items.length === 0) return terminal.remark(problems === true ? 'no problems' : 'no such sensors');
  const rows = items.map((sensor) => [
    cell(sensor.name),
    cell(sensor.type),
    cell(readingText(sensor)),
    sensor.health,
    cell(sensor.entity),
    cell(sensor.unavailable ?? (sensor.states.join(', ') || '-')),
  ]);
  const [head = '', ...lines] = formatTable(['SENSOR', 'TYPE', 'READING', 'HEALTH', 'PART', 'STATE'], rows);
  terminal.line(head);
  for (const [index, line] of lines.entries()) terminal.line(line, colorOf(items[index]?.health ?? 'unknown'));
}

/** "42 degrees C"; digits that a converted reading has only by rounding are left out. */
export function readingText({ value, unit }: Pick<SensorBody, 'value' | 'unit'>): string {
  if (value === null) return '-';
  const digits = Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  return unit === null || unit === '' ? digits : `${digits} ${unit}`;
}

export function colorOf(health: HealthBody): Color | undefined {
  switch (health) {
    case 'non-recoverable':
    case 'critical':
      return 'red';
    case 'warning':
      return 'yellow';
    case 'unknown':
      return 'dim';
    default:
      return undefined;
  }
}
