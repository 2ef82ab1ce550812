import type { UdpPeer } from '../../foundation/udp.ts';
import type { TftpFile, TftpFiles } from './files.ts';

export type NameLookup =
  | { readonly kind: 'found'; readonly file: TftpFile }
  | { readonly kind: 'missing' }
  /** Would leave the served tree. */
  | { readonly kind: 'forbidden' };

const EMPTY = Buffer.alloc(0);
/** GRUB's network image asks for these lists beside its modules and stops where it gets an error for them. */
const GRUB_LIST = /^(command|crypto|fs|moddep|parttool|partmap|terminal|video)\.lst$/i;

/**
 * The names to look for, best first; undefined for a name with `..` in it.
 *
 * Firmware writes names with `\`, with leading and doubled `/`, and with rubbish behind: a byte 0xff that DHCP's option 67
 * ended with (Lenovo T460, netbootxyz/netboot.xyz#1198) or whatever followed it in memory. shim loses the first letter of the
 * folder, or takes another folder (rhboot/shim#649, #710), so the last part alone is good enough.
 */
export function namesToTry(asked: string): readonly string[] | undefined {
  const parts = asked
    .replaceAll('\\', '/')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what the rubbish is made of
    .replace(/[\u0000-\u001f\u007f-\u00ff]+/g, '')
    .split('/')
    .map((part) => part.trim())
    .filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return undefined;
  const last = parts.at(-1);
  if (last === undefined) return [];
  return parts.length === 1 ? [last] : [parts.join('/'), last];
}

/** Finds what a client means. @throws whatever `files` throws */
export async function findFile(asked: string, files: TftpFiles, peer: UdpPeer): Promise<NameLookup> {
  const names = namesToTry(asked);
  if (names === undefined) return { kind: 'forbidden' };
  for (const name of names) {
    const file = await files.find(name, peer);
    if (file !== undefined) return { kind: 'found', file };
  }
  const last = names.at(-1);
  if (last !== undefined && GRUB_LIST.test(last)) return { kind: 'found', file: { name: last, data: EMPTY } };
  return { kind: 'missing' };
}
