#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { CliError, EXIT, type ExitCode } from './cli-error.ts';
import { addAssetCommands } from './commands/assets.ts';
import { addConsoleCommands } from './commands/console.ts';
import { addDiscoveredCommands } from './commands/discovered.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEventCommands } from './commands/events.ts';
import { addHardwareCommands } from './commands/hardware.ts';
import { addLoadersCommand } from './commands/loaders.ts';
import { addMachineCommands } from './commands/machines.ts';
import { addOrderCommands } from './commands/orders.ts';
import { addRunCommands } from './commands/runs.ts';
import { addTokenCommands } from './commands/tokens.ts';
import { type CliEnvironment, readCliEnvironment } from './environment.ts';

const EXIT_CODES = `
Exit codes: 0 succeeded, 1 failed or refused, 2 wrong usage, 3 cancelled,
4 service not reached, 5 not allowed, 130 stopped watching.`;

const environment = readCliEnvironment();
// `bootwright runs | head` closes the pipe early: nobody is left to write for.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed),
);
process.exitCode = await main(process.argv, environment);

async function main(argv: readonly string[], around: CliEnvironment): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const exits = {
    set(code: ExitCode) {
      exitCode = code;
    },
  };
  const program = new Command('bootwright')
    .description('Take machines from power-off to a user session, by the REST API of a running service.')
    .option('--url <url>', 'the service; http://, https:// or unix:/path', around.url)
    .option('--token-file <file>', 'file with the bearer token, mode 600', around.tokenFile)
    .option('--json', 'for programs: one JSON value a line')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(--help shows how)')
    .exitOverride();
  addMachineCommands(program, around);
  addDiscoveredCommands(program, around);
  addLoadersCommand(program, around);
  addOrderCommands(program, around, exits);
  addRunCommands(program, around, exits);
  addEventCommands(program, around);
  addDoctorCommand(program, around, exits);
  addConsoleCommands(program, around);
  addHardwareCommands(program, around, exits);
  addAssetCommands(program, around);
  addTokenCommands(program, around);
  // Commands inherit these when they are made, which was before; so each is told.
  for (const command of descendants(program)) command.exitOverride().showHelpAfterError('(--help shows how)');
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    return report(error, around);
  }
}

function descendants(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...descendants(child)]);
}

/** Commander has said its errors itself. */
function report(error: unknown, { stderr }: CliEnvironment): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (!(error instanceof CliError)) throw error;
  for (const line of [`error: ${error.message}`, ...error.lines]) stderr.write(`${line}\n`);
  return error.exitCode;
}
