/**
 * How far a network boot has come, in the order in which it goes. Not every boot passes them all: a card whose ROM is iPXE
 * loads no loader, and beside another DHCP server our offer is never taken.
 */
export const BOOT_MARKS = {
  asked: 'the firmware asked to boot',
  offered: 'a boot loader was offered',
  taken: 'the offer was taken',
  'loader-asked': 'the boot loader was asked for',
  loader: 'the boot loader was fetched',
  ipxe: 'iPXE asked what to boot',
  'script-named': 'iPXE was given the URL of its script',
  script: 'the script was fetched',
  kernel: 'the kernel was fetched',
  files: 'all that is booted was fetched',
} as const;

export type BootMark = keyof typeof BOOT_MARKS;

// The keys of an object literal, in their order.
export const MARKS_IN_ORDER = Object.keys(BOOT_MARKS) as readonly BootMark[];

/** 0 for nothing at all, 1 for the first mark. */
export function rankOf(mark: BootMark | null): number {
  return mark === null ? 0 : MARKS_IN_ORDER.indexOf(mark) + 1;
}

/** When each mark was first and last reached, epoch ms. */
export type MarkTimes = { readonly [mark in BootMark]?: { readonly first: number; readonly last: number } };

export function marked(times: MarkTimes, mark: BootMark, at: number): MarkTimes {
  return { ...times, [mark]: { first: times[mark]?.first ?? at, last: at } };
}

/** The furthest mark; null for none. */
export function furthest(times: MarkTimes): BootMark | null {
  return MARKS_IN_ORDER.findLast((mark) => times[mark] !== undefined) ?? null;
}
