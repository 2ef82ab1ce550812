import { basename } from 'node:path';
import type { Command } from 'commander';
import type { AssetBody, CapturedBody, CollectedBody } from '../../api/schema/asset.ts';
import type { PageBody } from '../../api/schema/page.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { contextOf } from '../context.ts';
import type { CliEnvironment } from '../environment.ts';
import { formatTable } from '../terminal.ts';
import { uploadFile } from '../upload-file.ts';

/** A kernel and an initrd of some hundred MB by SSH. */
const IMPORT_MS = 15 * 60_000;

/** `bootwright assets …` */
export function addAssetCommands(program: Command, environment: CliEnvironment): void {
  const assets = program.command('assets').description('uploaded kernels, initrds and scripts');
  assets
    .command('list', { isDefault: true })
    .description('all assets')
    .action(async (_options: unknown, command: Command) => {
      const { connection, terminal } = contextOf(command, environment);
      const { items } = (await connection.call({ method: 'GET', path: '/assets' })) as PageBody<AssetBody>;
      if (terminal.json) return terminal.value(items);
      const rows = items.map(({ sha256, bytes, names, needs, usedAt }) => [
        sha256,
        String(bytes),
        names.join(', ') || '-',
        needs.join(', ') || 'nothing',
        usedAt,
      ]);
      for (const line of formatTable(['SHA-256', 'BYTES', 'NAMES', 'NEEDED BY', 'USED'], rows)) terminal.line(line);
    });
  assets
    .command('upload')
    .argument('<file>')
    .option('--name <name>', "label by which machines name it; default: the file's own name")
    .description('upload a file; the same command again goes on where it stopped')
    .action(async (file: string, { name = basename(file) }: { name?: string }, command: Command) => {
      const context = contextOf(command, environment);
      const { terminal } = context;
      const asset = await uploadFile(context, file, name);
      if (terminal.json) terminal.value(asset);
      else terminal.line(`${asset.sha256}  ${asset.names.join(', ')}`);
    });
  assets
    .command('import')
    .argument('<machine>')
    .option('--folder <path>', 'a NixOS system on the host of the service, in place of the one that the machine runs')
    .option('--toplevel <path>', 'store path of another system on the machine')
    .description('take kernel and initrd of a NixOS generation, so that the machine can netboot it')
    .action(async (machine: string, order: { folder?: string; toplevel?: string }, command: Command) => {
      const { connection, terminal } = contextOf(command, environment);
      const path = `/machines/${encodeURIComponent(machine)}/import-generation`;
      const captured = (await connection.call({
        method: 'POST',
        path,
        body: order,
        patienceMs: IMPORT_MS,
      })) as CapturedBody;
      if (terminal.json) return terminal.value(captured);
      terminal.line(`${captured.toplevel} can be netbooted`);
      if (captured.secretsLeftOut)
        terminal.remark(
          'warning: this generation adds secrets to its initrd where it is installed; they are not in it',
        );
    });
  for (const [verb, pinned, what] of [
    ['pin', true, 'keep an asset whatever is collected'],
    ['unpin', false, 'let a pinned asset be collected again'],
  ] as const) {
    assets
      .command(verb)
      .argument('<sha256>')
      .description(what)
      .action(async (sha256: string, _options: unknown, command: Command) => {
        const { connection, terminal } = contextOf(command, environment);
        const asset = (await connection.call({ method: 'PUT', path: pathOf(sha256), body: { pinned } })) as AssetBody;
        if (terminal.json) terminal.value(asset);
        else terminal.line(`asset ${sha256} ${verb}ned`);
      });
  }
  assets
    .command('remove')
    .argument('<sha256>')
    .description('remove an asset that nothing needs')
    .action(async (sha256: string, _options: unknown, command: Command) => {
      const { connection, terminal } = contextOf(command, environment);
      await connection.call({ method: 'DELETE', path: pathOf(sha256) });
      if (!terminal.json) terminal.line(`asset ${sha256} removed`);
    });
  assets
    .command('gc')
    .description('remove all assets that nothing needs and nobody used lately')
    .action(async (_options: unknown, command: Command) => {
      const { connection, terminal } = contextOf(command, environment);
      const collected = (await connection.call({ method: 'POST', path: '/assets/collect' })) as CollectedBody;
      if (terminal.json) return terminal.value(collected);
      for (const { sha256, names } of collected.removed)
        terminal.line(`removed ${sha256} ${names.join(', ')}`.trimEnd());
      terminal.line(`${collected.freedBytes} bytes freed, ${collected.keptBytes} kept`);
    });
}

function pathOf(sha256: string): string {
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new CliError(EXIT.usage, `${sha256} is not a SHA-256: see assets list`);
  return `/assets/${sha256}`;
}
