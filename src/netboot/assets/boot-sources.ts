import { readFile } from 'node:fs/promises';
import type { ArmedBoot } from '../../domain/armed-boot.ts';
import type { KernelBoot, Machine, NetbootSpec, ScriptBoot } from '../../domain/machine.ts';
import type { AssetRecords, CapturedGeneration } from '../../domain/ports/assets.ts';
import type { BootSources } from '../../domain/ports/boot-sources.ts';
import type { Generations } from '../../domain/ports/generations.ts';
import { LARGEST_SCRIPT, parseScriptTemplate } from '../../domain/script-template.ts';
import { NotFoundError } from '../../foundation/errors.ts';
import { type AssetStore, SHA256_PREFIX } from './asset-store.ts';

export type BootSourcesDeps = {
  readonly assets: Pick<AssetStore, 'find'>;
  readonly records: Pick<AssetRecords, 'captured' | 'touch'>;
  readonly generations: Pick<Generations, 'list'>;
};

/**
 * Looks up what a declaration means now. Names of uploaded assets become their contents, so that an attempt boots what it was armed
 * with; names it does not know stay, since they may be files of the asset folders.
 */
export function createBootSources({ assets, records, generations }: BootSourcesDeps): BootSources {
  const contentsOf = async (name: string): Promise<string> => {
    const asset = await assets.find(name);
    if (asset?.sha256 === undefined) {
      if (name.startsWith(SHA256_PREFIX)) throw missing(`asset ${name}`, 'Upload it: bootwright assets upload FILE.');
      return name;
    }
    await records.touch(asset.sha256);
    return `${SHA256_PREFIX}${asset.sha256}`;
  };

  const kernelOf = async ({ kernel, initrds, commandLine }: KernelBoot): Promise<KernelBoot> => ({
    kernel: await contentsOf(kernel),
    initrds: await Promise.all(initrds.map(contentsOf)),
    commandLine,
  });

  const scriptOf = async ({ script, files = [] }: ScriptBoot): Promise<ArmedBoot> => {
    const text = typeof script === 'string' ? script : await scriptText(script.asset);
    parseScriptTemplate(text);
    // Names stay: the script says them. What they mean is asked when they are fetched.
    for (const file of files) await contentsOf(file);
    return { script: text, files };
  };

  const scriptText = async (name: string): Promise<string> => {
    const asset = await assets.find(name);
    if (asset === undefined) throw missing(`script ${name}`, 'Upload it: bootwright assets upload FILE --name NAME.');
    if (asset.bytes > LARGEST_SCRIPT) throw missing(`script of at most ${LARGEST_SCRIPT} bytes in ${name}`, '');
    return readFile(asset.path, 'utf8');
  };

  const generationOf = async (machine: Machine, wanted: string): Promise<CapturedGeneration> => {
    const captured = await records.captured(machine.id);
    if (wanted !== 'current') {
      const found = captured.find(({ toplevel }) => toplevel === wanted);
      if (found !== undefined) return found;
      throw missing(`captured generation ${wanted} of ${machine.spec.name}`, captureHint(machine));
    }
    const proven = (await generations.list(machine.id)).map(({ toplevel }) => toplevel).reverse();
    for (const toplevel of proven) {
      const found = captured.find((each) => each.toplevel === toplevel);
      if (found !== undefined) return found;
    }
    const newest = captured.at(-1);
    if (newest !== undefined) return newest;
    throw missing(`captured generation of ${machine.spec.name}`, captureHint(machine));
  };

  return {
    async lookUp(machine: Machine, boot: NetbootSpec): Promise<ArmedBoot> {
      if ('localDisk' in boot) return boot;
      if ('script' in boot) return scriptOf(boot);
      if ('rescue' in boot) return { ...(await kernelOf(boot.rescue)), rescue: true };
      if ('kernel' in boot) return kernelOf(boot);
      const { toplevel, kernel, initrds, commandLine } = await generationOf(machine, boot.generation);
      const more = boot.commandLine === undefined || boot.commandLine === '' ? '' : ` ${boot.commandLine}`;
      const names = { kernel: `${SHA256_PREFIX}${kernel}`, initrds: initrds.map((each) => `${SHA256_PREFIX}${each}`) };
      await kernelOf({ ...names, commandLine });
      return { ...names, commandLine: `${commandLine}${more}`, generation: toplevel };
    },
  };
}

function missing(what: string, hint: string): NotFoundError {
  return new NotFoundError(`there is no ${what}`, hint === '' ? {} : { details: { hint } });
}

function captureHint({ spec }: Machine): string {
  return `Capture it while the machine runs it: bootwright assets import ${spec.name}.`;
}
