import type { Command } from 'commander';
import type { MachineBody } from '../../api/schema/machine.ts';
import type { MachinePageBody } from '../../api/schema/page.ts';
import type { RunSummaryBody } from '../../api/schema/run.ts';
import { RefusedCliError } from '../connection.ts';
import { type Context, contextOf } from '../context.ts';
import type { CliEnvironment } from '../environment.ts';
import { readMachines } from '../machine-files.ts';
import { formatTable } from '../terminal.ts';

/** `bootwright machines …` */
export function addMachineCommands(program: Command, environment: CliEnvironment): void {
  const machines = program.command('machines').description('the inventory');
  machines
    .command('list', { isDefault: true })
    .description('all machines with their stage and run')
    .action(async (_options: unknown, command: Command) => listMachines(contextOf(command, environment)));
  machines
    .command('show')
    .argument('<name>')
    .description('one machine')
    .action(async (name: string, _options: unknown, command: Command) => {
      const context = contextOf(command, environment);
      showMachine(context, (await context.connection.call({ method: 'GET', path: pathOf(name) })) as MachineBody);
    });
  machines
    .command('add')
    .requiredOption(
      '-f, --file <file>',
      'YAML or JSON: one machine, several, or a file with a machines list; - for standard input',
    )
    .option('--replace', 'replace machines that are there already')
    .description('declare machines')
    .action(async ({ file, replace = false }: { file: string; replace?: boolean }, command: Command) => {
      const context = contextOf(command, environment);
      for (const machine of await readMachines(file, environment)) await declare(context, machine, replace);
    });
  machines
    .command('remove')
    .argument('<name>')
    .description('remove a machine; its runs and events stay')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { connection, terminal } = contextOf(command, environment);
      await connection.call({ method: 'DELETE', path: pathOf(name) });
      if (!terminal.json) terminal.line(`machine ${name} removed`);
    });
  machines
    .command('reset-bmc')
    .argument('<name>')
    .option('--unpin', 'also let it agree to a weaker session than before (admin)')
    .description('let BMC credentials be tried again that the BMC has rejected')
    .action(async (name: string, { unpin = false }: { unpin?: boolean }, command: Command) => {
      const { connection, terminal } = contextOf(command, environment);
      const query = unpin ? '?unpin=true' : '';
      await connection.call({ method: 'POST', path: `${pathOf(name)}/bmc/reset-authentication${query}` });
      if (!terminal.json) terminal.line(`the BMC of ${name} is logged in to again by the next run`);
    });
}

async function listMachines({ connection, terminal }: Context): Promise<void> {
  const all: MachineBody[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = (await connection.call({ method: 'GET', path: `/machines?limit=500${query}` })) as MachinePageBody;
    all.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  if (terminal.json) return terminal.value(all);
  const rows = all.map(({ name, spec, stage, stageAt, run, lastRun }) => [
    name,
    spec.address,
    stage,
    stage === 'unknown' ? '-' : stageAt,
    run === null ? '-' : summary(run),
    lastRun === null ? '-' : summary(lastRun),
  ]);
  for (const line of formatTable(['NAME', 'ADDRESS', 'STAGE', 'SEEN', 'RUN', 'LAST RUN'], rows)) terminal.line(line);
}

function showMachine({ terminal }: Context, machine: MachineBody): void {
  if (terminal.json) {
    terminal.value(machine);
    return;
  }
  const { name, id, source, stage, stageAt, spec, run, lastRun } = machine;
  const rows = [
    ['name', name],
    ['id', id],
    ['declared', source === 'config' ? 'in the configuration file' : 'through the API'],
    ['stage', stage === 'unknown' ? 'unknown' : `${stage}, seen ${stageAt}`],
    ['address', spec.address],
    ['macs', spec.macs.join(', ')],
    ['bmcs', spec.bmcs.map(({ protocol, host, user }) => `${protocol} ${user}@${host}`).join(', ') || 'none'],
    ['netboot', bootOf(spec.netboot)],
    ['disks', spec.disks.map((disk) => disk.name).join(', ') || 'none'],
    ['rebuild', spec.rebuild?.flake ?? 'not set'],
    ['session', spec.session?.user ?? 'not looked at'],
    ['run', run === null ? 'none' : `${run.id}  ${summary(run)}`],
    ['last run', lastRun === null ? 'none' : `${lastRun.id}  ${summary(lastRun)}`],
  ];
  for (const [label = '', value = ''] of rows) terminal.line(`${label.padEnd(9)} ${value}`);
}

function bootOf(netboot: MachineBody['spec']['netboot']): string {
  if (netboot === undefined) return 'from its own disk';
  if ('kernel' in netboot) return netboot.kernel;
  if ('generation' in netboot) return `NixOS generation ${netboot.generation}`;
  if ('rescue' in netboot) return `rescue system ${netboot.rescue.kernel}`;
  if ('localDisk' in netboot) return `from its own disk (${netboot.localDisk})`;
  return typeof netboot.script === 'string' ? 'own script' : `own script ${netboot.script.asset}`;
}

function summary({ kind, state, step, stepIndex, stepCount, errorCode }: RunSummaryBody): string {
  const where = step === null ? '' : ` ${step} (${stepIndex + 1}/${stepCount})`;
  return `${kind} ${state}${where}${errorCode === null ? '' : ` (${errorCode})`}`;
}

async function declare({ connection, terminal }: Context, machine: unknown, replace: boolean): Promise<void> {
  const name = typeof machine === 'object' && machine !== null && 'name' in machine ? String(machine.name) : undefined;
  const there = replace && name !== undefined && (await exists(connection, name));
  const method = there ? 'PUT' : 'POST';
  const path = there && name !== undefined ? pathOf(name) : '/machines';
  const declared = (await connection.call({ method, path, body: machine })) as MachineBody;
  if (terminal.json) terminal.value(declared);
  else terminal.line(`machine ${declared.name} ${there ? 'replaced' : 'declared'}`);
}

async function exists(connection: Context['connection'], name: string): Promise<boolean> {
  try {
    await connection.call({ method: 'GET', path: pathOf(name) });
    return true;
  } catch (error) {
    if (error instanceof RefusedCliError && error.code === 'not-found') return false;
    throw error;
  }
}

function pathOf(name: string): string {
  return `/machines/${encodeURIComponent(name)}`;
}
