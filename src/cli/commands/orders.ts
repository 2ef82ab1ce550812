import { Argument, type Command, Option } from 'commander';
import type { RunBody, RunRequestBody } from '../../api/schema/run.ts';
import { type Context, contextOf, type Exits } from '../context.ts';
import type { CliEnvironment } from '../environment.ts';
import { watchRun } from '../watch-run.ts';
import { showPower } from './chassis.ts';

const VERBS = ['on', 'off', 'soft-off', 'cycle', 'reset', 'diag'] as const;
const ACTIONS = ['boot', 'switch', 'test', 'dry-activate', 'build'] as const;

type OrderOptions = {
  readonly detach?: boolean;
  readonly netboot?: boolean;
  readonly action?: (typeof ACTIONS)[number];
  readonly flake?: string;
  readonly attribute?: string;
  readonly refresh?: boolean;
};

/** The commands that order a run and follow it: power, boot, unlock, rebuild, reboot, update. */
export function addOrderCommands(program: Command, environment: CliEnvironment, exits: Exits): void {
  const order = async (command: Command, name: string, request: RunRequestBody): Promise<void> => {
    const context = contextOf(command, environment);
    const path = `/machines/${encodeURIComponent(name)}/runs`;
    const run = (await context.connection.call({ method: 'POST', path, body: request })) as RunBody;
    if (command.opts<OrderOptions>().detach === true) return announce(context, run);
    if (!context.terminal.json) announce(context, run);
    exits.set(await watchRun(context, run.id));
  };

  add('power', 'switch power, as a goal: done when the machine shows it; status only asks')
    .addArgument(new Argument('<verb>').choices([...VERBS, 'status']))
    .action((name: string, verb: (typeof VERBS)[number] | 'status', _options: OrderOptions, command: Command) =>
      verb === 'status'
        ? showPower(contextOf(command, environment), name)
        : order(command, name, { kind: 'power', verb }),
    );
  netbootOption(add('boot', 'from power-off to the user session')).action(
    (name: string, options: OrderOptions, command: Command) =>
      order(command, name, { kind: 'boot', ...pick(options, ['netboot']) }),
  );
  add('unlock', 'open the encrypted disks of a machine that waits in stage 1').action(
    (name: string, _options: OrderOptions, command: Command) => order(command, name, { kind: 'unlock' }),
  );
  rebuildOptions(add('rebuild', 'build and activate a new generation'))
    .addOption(new Option('--action <action>', 'what becomes of it (default: boot)').choices(ACTIONS))
    .action((name: string, options: OrderOptions, command: Command) =>
      order(command, name, { kind: 'rebuild', ...pick(options, ['action', 'flake', 'attribute', 'refresh']) }),
    );
  netbootOption(add('reboot', 'reboot and prove it')).action((name: string, options: OrderOptions, command: Command) =>
    order(command, name, { kind: 'reboot', ...pick(options, ['netboot']) }),
  );
  netbootOption(rebuildOptions(add('update', 'rebuild, reboot into the new generation and prove it'))).action(
    (name: string, options: OrderOptions, command: Command) =>
      order(command, name, { kind: 'update', ...pick(options, ['netboot', 'flake', 'attribute', 'refresh']) }),
  );

  function add(name: string, description: string): Command {
    return program
      .command(name)
      .argument('<machine>', 'name or id')
      .option('-d, --detach', 'order only, do not follow')
      .description(description);
  }
}

function netbootOption(command: Command): Command {
  return command
    .option('--netboot', 'boot over the network')
    .option('--no-netboot', 'boot from the disk (default: as the machine is declared)');
}

function rebuildOptions(command: Command): Command {
  return command
    .option('--flake <ref>', "flake reference (default: the machine's own)")
    .option('--attribute <name>', "attribute under nixosConfigurations (default: the machine's own)")
    .option('--refresh', "expire nix's caches first")
    .option('--no-refresh', "use nix's caches (default: as the machine is declared)");
}

/** The named options that were given; what was not given is for the service to decide. */
function pick<K extends keyof OrderOptions>(
  options: OrderOptions,
  keys: readonly K[],
): { [P in K]?: NonNullable<OrderOptions[P]> } {
  return Object.fromEntries(keys.map((key) => [key, options[key]]).filter(([, value]) => value !== undefined)) as {
    [P in K]?: NonNullable<OrderOptions[P]>;
  };
}

function announce({ terminal }: Context, run: RunBody): void {
  if (terminal.json) terminal.value(run);
  else
    terminal.line(
      `run ${run.id}: ${run.kind} of ${run.machine ?? run.machineId}, ${run.steps.map(({ name }) => name).join(' → ')}`,
    );
}
