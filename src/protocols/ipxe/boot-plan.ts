import { DecodeError } from '../../foundation/errors.ts';
import type { IpxeCommand } from './script.ts';

/** What a boot script comes to: the files and the command line the kernel gets. */
export type IpxeBootPlan = {
  readonly kernelUrl: string;
  /** As the kernel sees it, with the `initrd=` words of EFI. */
  readonly commandLine: string;
  readonly initrds: readonly { readonly url: string; readonly name: string }[];
};

/**
 * Follows a parsed script down its path of success, as a client without a screen does.
 * @throws DecodeError when it has no kernel or never says `boot`
 * @see iPXE src/hci/commands/image_cmd.c
 */
export function planOf(commands: readonly IpxeCommand[]): IpxeBootPlan {
  let kernel: { url: string; commandLine: string } | undefined;
  const initrds: { url: string; name: string }[] = [];
  for (const { words } of commands) {
    const [command, ...args] = words;
    if (command === 'kernel') {
      const [url, ...rest] = args;
      if (url === undefined) throw new DecodeError('iPXE script: kernel without a URL');
      kernel = { url, commandLine: rest.join(' ') };
    } else if (command === 'initrd') {
      initrds.push(initrdOf(args));
    } else if (command === 'boot') {
      if (kernel === undefined) throw new DecodeError('iPXE script: boot without a kernel');
      return { kernelUrl: kernel.url, commandLine: kernel.commandLine, initrds };
    }
  }
  throw new DecodeError('iPXE script: no boot command');
}

function initrdOf(args: readonly string[]): { url: string; name: string } {
  const [first, second, third] = args;
  if ((first === '--name' || first === '-n') && second !== undefined && third !== undefined)
    return { name: second, url: third };
  if (first === undefined) throw new DecodeError('iPXE script: initrd without a URL');
  return { url: first, name: first.slice(first.lastIndexOf('/') + 1) };
}
