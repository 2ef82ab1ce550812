import { unreachableCase } from '../../foundation/errors.ts';
import { plain } from './script.ts';

/** `exit` and `exit-1` end iPXE well or badly; `sanboot` starts the first disk itself; `auto` chooses by firmware. */
export type IpxeLocalDiskMethod = 'auto' | 'exit' | 'exit-1' | 'sanboot';

const SANBOOT = 'sanboot --no-describe --drive 0x80';

/**
 * A script that hands on to the machine's own disk. No one method works everywhere: a plain `exit` stays in a boot menu or
 * hangs with some firmware, `sanboot` needs disks that the firmware has made known. On UEFI a boot option that ends with an error makes the
 * boot manager try the next one (UEFI 2.10 §3.1.2), on a BIOS starting the first disk is the surest.
 * @param banner lines for the screen
 * @throws InvalidRequestError for a banner that iPXE would misread
 * @see iPXE src/hci/commands/image_cmd.c, sanboot_cmd.c; src/image/script.c (exit)
 */
export function formatIpxeLocalDisk(method: IpxeLocalDiskMethod, banner: readonly string[]): string {
  return ['#!ipxe', ...banner.map((line) => `echo ${plain(line, 'banner')}`), ...commandsOf(method), ''].join('\n');
}

function commandsOf(method: IpxeLocalDiskMethod): readonly string[] {
  switch (method) {
    case 'exit':
      return ['exit'];
    case 'exit-1':
      return ['exit 1'];
    case 'sanboot':
      return [`${SANBOOT} || goto failed`, ':failed', 'exit 1'];
    case 'auto':
      // The platform is asked of iPXE itself: the request for the script does not tell it.
      return [
        `iseq $\{platform} efi || goto bios`,
        'exit 1',
        ':bios',
        `${SANBOOT} || goto failed`,
        ':failed',
        'exit 1',
      ];
    default:
      return unreachableCase(method, 'local disk method');
  }
}
