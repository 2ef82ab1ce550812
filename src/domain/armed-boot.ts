import type { JsonObject } from '../foundation/json.ts';
import type { KernelBoot, LocalDiskBoot, NetbootSpec } from './machine.ts';

/** A kernel boot, and what it was declared as. */
export type ArmedKernel = KernelBoot & {
  /** Store path of the NixOS system that it is. */
  readonly generation?: string;
  readonly rescue?: true;
};

/** A script as text: an attempt serves what was armed, whatever is uploaded meanwhile. */
export type ArmedScript = { readonly script: string; readonly files: readonly string[] };

/** What one attempt boots: a declaration with its generations, names and scripts looked up. */
export type ArmedBoot = ArmedKernel | ArmedScript | LocalDiskBoot;

export const BOOT_KINDS = ['kernel', 'generation', 'script', 'local-disk', 'rescue'] as const;
export type BootKind = (typeof BOOT_KINDS)[number];

/** What kind of thing is booted, as shown in the timeline. */
export function bootKindOf(boot: NetbootSpec | ArmedBoot): BootKind {
  if ('script' in boot) return 'script';
  if ('localDisk' in boot) return 'local-disk';
  if ('rescue' in boot && boot.rescue !== undefined) return 'rescue';
  if ('generation' in boot && boot.generation !== undefined) return 'generation';
  return 'kernel';
}

/** What the event `boot.armed` tells of it. */
export function armedBootData(boot: ArmedBoot): JsonObject {
  const kind = bootKindOf(boot);
  if ('localDisk' in boot) return { boot: kind, exit: boot.localDisk };
  if ('script' in boot) return { boot: kind, files: [...boot.files] };
  const { kernel, initrds, generation } = boot;
  return { boot: kind, kernel, initrds: [...initrds], ...(generation === undefined ? {} : { generation }) };
}

/** Every asset that the attempt may ask for, by name. */
export function assetNamesOf(boot: ArmedBoot): readonly string[] {
  if ('localDisk' in boot) return [];
  return 'script' in boot ? boot.files : [boot.kernel, ...boot.initrds];
}
