import { Argument, type Command } from 'commander';
import type { BootOverrideBody, BootOverrideOrderBody, BootOverrideSetBody } from '../../api/schema/hardware.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { contextOf, type Exits } from '../context.ts';
import type { CliEnvironment } from '../environment.ts';
import { callBmc } from './bmc-call.ts';

const ACTIONS = ['show', 'pxe', 'disk', 'cdrom', 'setup', 'none'] as const;
type OverrideOptions = { readonly persistent?: boolean; readonly efi?: boolean };

/** `bootwright boot-override NAME [show|pxe|disk|cdrom|setup|none]`; ends with 1 when not all of it reads back. */
export function addBootOverrideCommand(program: Command, environment: CliEnvironment, exits: Exits): void {
  program
    .command('boot-override')
    .argument('<machine>', 'name or id')
    .addArgument(new Argument('[device]', 'none: no override; setup: firmware set-up').choices(ACTIONS).default('show'))
    .option('--persistent', 'for every boot from now on, not only the next')
    .option('--efi', 'ask for UEFI boot')
    .description('where the firmware is asked to boot from')
    .action(async (name: string, device: (typeof ACTIONS)[number], options: OverrideOptions, command: Command) => {
      const { persistent = false, efi = false } = options;
      if (device === 'show') {
        if (persistent || efi) throw new CliError(EXIT.usage, '--persistent and --efi need a device');
        const context = contextOf(command, environment);
        const read = (await callBmc(context, 'GET', name, 'boot-override')) as BootOverrideBody;
        if (context.terminal.json) context.terminal.value(read);
        else context.terminal.line(overrideText(read));
        return;
      }
      const context = contextOf(command, environment);
      const order: BootOverrideOrderBody = { device, persistent, efi };
      const set = (await callBmc(context, 'PUT', name, 'boot-override', order)) as BootOverrideSetBody;
      if (context.terminal.json) context.terminal.value(set);
      else context.terminal.line(overrideText(set));
      if (set.stuck) return;
      context.terminal.remark('the BMC did not take all of it: that is what reads back');
      exits.set(EXIT.failed);
    });
}

/** "pxe, next boot only, UEFI". */
export function overrideText({ device, valid, persistent, efi }: BootOverrideBody): string {
  if (device === 'none' || !valid) return 'none';
  return [device, persistent ? 'every boot' : 'next boot only', ...(efi ? ['UEFI'] : [])].join(', ');
}
