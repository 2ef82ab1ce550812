import type { ArmedKernel } from '../../domain/armed-boot.ts';
import { GRUB_CONFIG_NAME, GRUB_FOLDER, grubFileOf } from '../../domain/boot/grub-names.ts';
import type { Machine } from '../../domain/machine.ts';
import type { BootAttempt, BootDirectory } from '../../domain/ports/netboot.ts';
import { errorText, InvalidRequestError, UnreachableError } from '../../foundation/errors.ts';
import { formatGrubConfig, formatGrubLeave } from '../../protocols/grub/config.ts';
import { initrdName, KERNEL_NAME } from '../boot-urls.ts';
import type { BootScriptOptions } from '../http/boot-script.ts';
import type { Peers } from '../peers.ts';
import type { TftpFiles } from '../tftp/files.ts';
import type { AssetCatalog } from './catalog.ts';
import type { FileCache } from './file-cache.ts';

export type MachineFilesDeps = {
  readonly peers: Pick<Peers, 'machineAt'>;
  readonly directory: Pick<BootDirectory, 'attemptOf'>;
  readonly catalog: Pick<AssetCatalog, 'find'>;
  readonly cache: Pick<FileCache, 'expect' | 'get'>;
};

export type MachineFilesOptions = BootScriptOptions & {
  /** Our own address, which GRUB fetches from. */
  readonly server: string;
};

/**
 * What GRUB as second stage of the signed chain fetches: a configuration made for the machine that asks, and the kernel and
 * initrds of what is armed for it. GRUB cannot be told a URL by DHCP as iPXE can, and the HTTP client of 2.06 knows port 80 only, so all of it
 * goes by TFTP, under names that hold no token: whose files they are is told by the address that asks, and nobody else's
 * are to be had.
 */
export function createMachineFiles(deps: MachineFilesDeps, options: MachineFilesOptions): TftpFiles {
  const { peers, directory, catalog, cache } = deps;

  async function content(name: string, attempt: BootAttempt, machine: Machine): Promise<Buffer | undefined> {
    if (name === GRUB_CONFIG_NAME) return Buffer.from(grubConfig(machine, attempt, options), 'utf8');
    const { boot } = attempt;
    if ('script' in boot || 'localDisk' in boot) return undefined;
    const assetName = assetBehind(name, boot);
    const asset = assetName === undefined ? undefined : await catalog.find(assetName);
    if (asset === undefined) return undefined;
    // A transfer has its file in memory: TFTP counts as somebody who wants it too.
    cache.expect(asset, 'tftp');
    const data = await cache.get(asset, machine.id);
    if (data === undefined) throw new UnreachableError(`${asset.name}: there is no room for it in memory now`);
    return data;
  }

  return {
    async find(asked, peer) {
      const name = grubFileOf(asked);
      if (name === undefined) return undefined;
      const machine = await peers.machineAt(peer.address);
      const attempt = machine === undefined ? undefined : await directory.attemptOf(machine.id);
      if (machine === undefined || attempt === undefined) return undefined;
      const data = await content(name, attempt, machine);
      return data === undefined ? undefined : { name: asked, data };
    },
  };
}

function assetBehind(name: string, boot: ArmedKernel): string | undefined {
  if (name === KERNEL_NAME) return boot.kernel;
  return boot.initrds.find((_, index) => initrdName(index) === name);
}

function grubConfig(machine: Machine, { runId, round, boot }: BootAttempt, options: MachineFilesOptions): string {
  const { server, onFailure = 'exit', failureSeconds = 10 } = options;
  const { name } = machine.spec;
  const leave = (why: string): string => [...formatGrubLeave(why, failureSeconds, 'exit'), ''].join('\n');
  if ('localDisk' in boot) return leave(`Bootwright: ${name} boots from its own disk`);
  if ('script' in boot) {
    return leave('Bootwright: an iPXE script is armed, and the second stage of the signed chain is GRUB');
  }
  const path = (file: string): string => `(tftp,${server})/${GRUB_FOLDER}${file}`;
  try {
    return formatGrubConfig({
      banner: [`Bootwright: booting ${name}, run ${runId} round ${round}`],
      kernel: { path: path(KERNEL_NAME), commandLine: boot.commandLine },
      initrds: boot.initrds.map((_, index) => path(initrdName(index))),
      onFailure: {
        message: `Bootwright: ${name} could not be booted over the network; see the run for the reason`,
        waitSeconds: failureSeconds,
        next: onFailure,
      },
    });
  } catch (error) {
    if (!(error instanceof InvalidRequestError)) throw error;
    return leave(`Bootwright: ${errorText(error).replace(/[^ -~]/g, '')}`);
  }
}
