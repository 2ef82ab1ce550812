import type { Command } from 'commander';
import type { Exits } from '../context.ts';
import type { CliEnvironment } from '../environment.ts';
import { addBootOverrideCommand } from './boot-override.ts';
import { addChassisCommands } from './chassis.ts';
import { addEventLogCommand } from './event-log.ts';
import { addInventoryCommand } from './inventory.ts';
import { addRawCommand } from './raw.ts';
import { addSensorsCommand } from './sensors.ts';

/** The commands that ask a machine's controller, or change something there, without a run. */
export function addHardwareCommands(program: Command, environment: CliEnvironment, exits: Exits): void {
  addChassisCommands(program, environment);
  addSensorsCommand(program, environment);
  addEventLogCommand(program, environment);
  addInventoryCommand(program, environment);
  addBootOverrideCommand(program, environment, exits);
  addRawCommand(program, environment, exits);
}
