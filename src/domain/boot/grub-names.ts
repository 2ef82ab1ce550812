/** What GRUB asks for first, as second stage of the signed chain. */
export const GRUB_CONFIG_NAME = 'grub.cfg';

/** Before the names of what is armed, over TFTP, where they stand among the loaders of everybody. */
export const GRUB_FOLDER = 'boot/';

/**
 * What a name over TFTP means to a boot attempt: GRUB fetches that way what iPXE fetches under its attempt's token.
 * @returns `grub.cfg`, or the attempt's own name of a file: `kernel`, `initrd/0`; undefined for what belongs to no attempt
 */
export function grubFileOf(name: string): string | undefined {
  if (name === GRUB_CONFIG_NAME) return name;
  return name.startsWith(GRUB_FOLDER) ? name.slice(GRUB_FOLDER.length) || undefined : undefined;
}
