import { Argument, type Command, InvalidArgumentError } from 'commander';
import type { ChassisBody, IdentifyBody, PowerBody, RestorePolicyBody } from '../../api/schema/hardware.ts';
import { type Context, contextOf } from '../context.ts';
import type { CliEnvironment } from '../environment.ts';
import { cell } from '../terminal.ts';
import { callBmc } from './bmc-call.ts';

const POLICIES = ['stay-off', 'restore', 'power-up'] as const;

/** `bootwright chassis`, `identify` and `power-policy` */
export function addChassisCommands(program: Command, environment: CliEnvironment): void {
  program
    .command('chassis')
    .argument('<machine>', 'name or id')
    .description('state of the chassis, as the BMC tells it')
    .action(async (name: string, _options: unknown, command: Command) => {
      const context = contextOf(command, environment);
      showChassis(context, (await callBmc(context, 'GET', name, 'chassis')) as ChassisBody);
    });
  program
    .command('identify')
    .argument('<machine>', 'name or id')
    .argument('<light>', 'on, off, or for how many seconds (1 to 255)', parseLight)
    .description('switch the identify light')
    .action(async (name: string, light: IdentifyBody['light'], _options: unknown, command: Command) => {
      const context = contextOf(command, environment);
      const body = (await callBmc(context, 'PUT', name, 'identify', { light })) as IdentifyBody;
      const words = typeof body.light === 'number' ? `on for ${body.light} s` : body.light;
      if (context.terminal.json) context.terminal.value(body);
      else context.terminal.line(`identify light of ${name}: ${words}`);
    });
  program
    .command('power-policy')
    .argument('<machine>', 'name or id')
    .addArgument(new Argument('<policy>').choices(POLICIES))
    .description('what the machine does when mains power returns')
    .action(async (name: string, policy: string, _options: unknown, command: Command) => {
      const context = contextOf(command, environment);
      const body = (await callBmc(context, 'PUT', name, 'power-restore-policy', { policy })) as RestorePolicyBody;
      if (context.terminal.json) context.terminal.value(body);
      else context.terminal.line(`when mains power returns, ${name} will ${POLICY_WORDS[body.policy]}`);
    });
}

/** `bootwright power NAME status` */
export async function showPower(context: Context, name: string): Promise<void> {
  const body = (await callBmc(context, 'GET', name, 'power')) as PowerBody;
  if (context.terminal.json) context.terminal.value(body);
  else context.terminal.line(body.power);
}

const POLICY_WORDS: Readonly<Record<ChassisBody['restorePolicy'], string>> = {
  'stay-off': 'stay off',
  restore: 'be as it was before',
  'power-up': 'power up',
  unknown: 'do nobody knows what',
};

function showChassis({ terminal }: Context, chassis: ChassisBody): void {
  if (terminal.json) {
    terminal.value(chassis);
    return;
  }
  const faults = [
    ...(chassis.powerFault ? ['power fault'] : []),
    ...(chassis.powerControlFault ? ['power control fault'] : []),
    ...(chassis.powerOverload ? ['power overload'] : []),
    ...(chassis.interlock ? ['interlock open'] : []),
    ...(chassis.intrusion ? ['chassis opened'] : []),
    ...(chassis.driveFault ? ['drive fault'] : []),
    ...(chassis.coolingFault ? ['cooling fault'] : []),
  ];
  const untold = '-';
  const rows = [
    ['power', chassis.power],
    ['faults', faults.join(', ') || 'none'],
    ['last power event', chassis.lastPowerEvents.join(', ') || untold],
    ['when mains returns', chassis.restorePolicy === 'unknown' ? untold : POLICY_WORDS[chassis.restorePolicy]],
    ['last restart', chassis.restartCause ?? untold],
    ['front panel', chassis.frontPanelLocked ? 'locked' : 'not locked'],
    ['identify light', chassis.identify ?? untold],
    ['power drawn', chassis.powerWatts === null ? untold : `${chassis.powerWatts} W`],
    ['powered on for', chassis.powerOnHours === null ? untold : `${chassis.powerOnHours} h`],
  ];
  for (const [label = '', value = ''] of rows) {
    terminal.line(`${label.padEnd(18)} ${cell(value)}`, label === 'faults' && faults.length > 0 ? 'red' : undefined);
  }
}

/** @throws InvalidArgumentError */
export function parseLight(text: string): IdentifyBody['light'] {
  if (text === 'on' || text === 'off') return text;
  const seconds = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > 255) throw new InvalidArgumentError('on, off or 1 to 255 seconds is needed.');
  return seconds;
}
