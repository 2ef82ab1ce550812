import type { Command } from 'commander';
import type { DiscoveredMachineBody } from '../../api/schema/discovered.ts';
import type { MachineBody } from '../../api/schema/machine.ts';
import type { PageBody } from '../../api/schema/page.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { type Context, contextOf } from '../context.ts';
import type { CliEnvironment } from '../environment.ts';
import { readMachines } from '../machine-files.ts';
import { cell, formatTable } from '../terminal.ts';

type ApproveOptions = {
  readonly name?: string;
  readonly address?: string;
  readonly file?: string;
  readonly hostKey?: string[];
  readonly identity?: string;
  readonly bmc?: string;
  readonly bmcPassword?: string;
  readonly mac?: string[];
  readonly only?: boolean;
};

/** `bootwright discovered …` */
export function addDiscoveredCommands(program: Command, environment: CliEnvironment): void {
  const discovered = program.command('discovered').description('machines that asked to boot and that nobody declared');
  discovered
    .command('list', { isDefault: true })
    .option('-a, --all', 'ignored ones too')
    .description('all of them, a line for each network card')
    .action(async ({ all = false }: { all?: boolean }, command: Command) =>
      listDiscovered(contextOf(command, environment), all),
    );
  discovered
    .command('approve')
    .argument('<mac>')
    .option('-n, --name <name>', "the machine's name")
    .option('-A, --address <address>', 'its IPv4 address, reserved for it')
    .option('-f, --file <file>', 'YAML or JSON: the rest of its declaration, all but macs; - for standard input')
    .option('--host-key <key...>', 'public host key of the running system (stage3.hostKeys)')
    .option(
      '--identity <secret>',
      'where our private SSH key is (stage3.identity): file:/PATH, credential:NAME, env:NAME',
    )
    .option('--bmc <user@host>', 'its management controller')
    .option('--bmc-password <secret>', "where that user's password is: file:/PATH, credential:NAME, env:NAME")
    .option('--mac <mac...>', 'further MAC addresses of it, instead of all with the same UUID')
    .option('--only', 'this MAC address and no other')
    .description('declare one, with all network cards of the same UUID; options go before what the file says')
    .action(async (mac: string, options: ApproveOptions, command: Command) =>
      approve(contextOf(command, environment), mac, options),
    );
  for (const [verb, method, action, said, what] of [
    ['forget', 'DELETE', '', 'forgotten', 'remove one from the list; it comes back when it asks again'],
    ['ignore', 'POST', '/ignore', 'ignored', 'hide one from the list'],
    ['unignore', 'POST', '/unignore', 'listed again', 'show an ignored one again'],
  ] as const) {
    discovered
      .command(verb)
      .argument('<mac>')
      .description(what)
      .action(async (mac: string, _options: unknown, command: Command) => {
        const { connection, terminal } = contextOf(command, environment);
        const answer = await connection.call({ method, path: `${pathOf(mac)}${action}` });
        if (!terminal.json) terminal.line(`${mac} ${said}`);
        else if (answer !== undefined) terminal.value(answer);
      });
  }
}

async function listDiscovered({ connection, terminal }: Context, ignored: boolean): Promise<void> {
  const all: DiscoveredMachineBody[] = [];
  let cursor: string | null = null;
  do {
    const from: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const path = `/discovered-machines?limit=500&ignored=${ignored ? 'show' : 'hide'}${from}`;
    const page = (await connection.call({ method: 'GET', path })) as PageBody<DiscoveredMachineBody>;
    all.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  if (terminal.json) return terminal.value(all);
  const rows = all.map((machine) => [
    machine.mac,
    machine.uuid ?? '-',
    machine.architectures[0]?.name ?? '-',
    machine.board ?? (machine.client === 'http' ? `${machine.loader}, http` : machine.loader),
    cell(machine.hostname ?? '-'),
    cell(placeOf(machine)),
    String(machine.boots),
    machine.lastSeenAt,
    ...(ignored ? [machine.ignoredAt === null ? '-' : machine.ignoredAt] : []),
  ]);
  const headings = ['MAC', 'UUID', 'ARCHITECTURE', 'ASKED BY', 'HOSTNAME', 'SEEN ON', 'BOOTS', 'LAST SEEN'];
  for (const line of formatTable(ignored ? [...headings, 'IGNORED SINCE'] : headings, rows)) terminal.line(line);
}

/** `eno1`, or `eno1 by 10.9.0.1 Gi1/0/7`. */
function placeOf({ interface: name, relay }: DiscoveredMachineBody): string {
  if (relay === null) return name;
  return `${name} by ${relay.address}${relay.circuitId === null ? '' : ` ${relay.circuitId}`}`;
}

async function approve(
  { connection, terminal, environment }: Context,
  mac: string,
  options: ApproveOptions,
): Promise<void> {
  const body = declarationOf(mac, await fromFile(options.file, environment), options);
  const path = `${pathOf(mac)}/approve`;
  const machine = (await connection.call({ method: 'POST', path, body })) as MachineBody;
  if (terminal.json) terminal.value(machine);
  else terminal.line(`machine ${machine.name} declared with ${machine.spec.macs.join(', ')}`);
}

async function fromFile(
  file: string | undefined,
  environment: CliEnvironment,
): Promise<Readonly<Record<string, unknown>>> {
  if (file === undefined) return {};
  const [machine, ...others] = await readMachines(file, environment);
  if (typeof machine !== 'object' || machine === null || others.length > 0)
    throw new CliError(EXIT.usage, `${file} must hold one machine`);
  return { ...machine };
}

/** What the file says, with the options' values in their places. */
function declarationOf(mac: string, file: Readonly<Record<string, unknown>>, options: ApproveOptions): object {
  const { name, address, hostKey, identity, bmc, bmcPassword } = options;
  const stage3 = {
    ...(typeof file.stage3 === 'object' ? file.stage3 : {}),
    ...(hostKey === undefined ? {} : { hostKeys: hostKey }),
    ...(identity === undefined ? {} : { identity }),
  };
  return {
    ...file,
    ...(name === undefined ? {} : { name }),
    ...(address === undefined ? {} : { address }),
    ...(Object.keys(stage3).length === 0 ? {} : { stage3 }),
    ...(bmc === undefined ? {} : { bmcs: [bmcOf(bmc, bmcPassword)] }),
    ...macsOf(mac, options),
  };
}

function bmcOf(text: string, password: string | undefined): object {
  const at = text.lastIndexOf('@');
  if (at < 1 || password === undefined)
    throw new CliError(EXIT.usage, '--bmc is USER@HOST, and --bmc-password says where the password is');
  return { protocol: 'ipmi', user: text.slice(0, at), host: text.slice(at + 1), password };
}

function macsOf(mac: string, { mac: further, only = false }: ApproveOptions): { macs?: readonly string[] } {
  if (only && further !== undefined) throw new CliError(EXIT.usage, 'either --only or --mac');
  return only || further !== undefined ? { macs: [mac, ...(further ?? [])] } : {};
}

function pathOf(mac: string): string {
  return `/discovered-machines/${encodeURIComponent(mac)}`;
}
