import {
  DISCOVERY_CONTROL,
  decodePxeVendorOptions,
  encodePxeVendorOptions,
  PXE_VENDOR_OPTION,
} from './vendor-options.ts';

/** Menu items of this type mean the machine's own next boot device. @see PXE 2.1 table 2-1, PXE_BOOT_MENU */
export const LOCAL_BOOT_TYPE = 0;

/** EDK2 cuts longer texts (UefiPxeBcDxe, PXEBC_DISPLAY_MAX_LINE); text screens have 80 columns. */
const LONGEST_LINE = 70;

/**
 * Option 43 that puts a line on the screen of a boot ROM and sends it to its next boot device: a prompt with a time-out
 * and a menu whose only item is "local boot". EDK2 ends the boot option with EFI_ABORTED after it, a BIOS ROM with a return to
 * the boot order.
 *   6  discovery control: neither broadcast nor multicast discovery     9  menu     10  prompt
 * @param seconds how long the line stays, 0 to 254; 255 would wait for a key
 * @see PXE 2.1 table 2-1, PXE_DISCOVERY_CONTROL, PXE_BOOT_MENU, PXE_MENU_PROMPT
 */
export function messageVendorOptions(line: string, seconds: number): Buffer {
  const text = Buffer.from(line.slice(0, LONGEST_LINE), 'latin1');
  const control = DISCOVERY_CONTROL.noBroadcast | DISCOVERY_CONTROL.noMulticast;
  return encodePxeVendorOptions(
    new Map([
      [PXE_VENDOR_OPTION.discoveryControl, Buffer.from([control])],
      [PXE_VENDOR_OPTION.bootMenu, Buffer.concat([Buffer.from([0, LOCAL_BOOT_TYPE, text.length]), text])],
      [PXE_VENDOR_OPTION.menuPrompt, Buffer.concat([Buffer.from([Math.min(Math.max(seconds, 0), 254)]), text])],
    ]),
  );
}

export type BootMenu = {
  /** The line shown while the time-out runs; empty when there is none. */
  readonly prompt: string;
  /** Type of the item taken when nobody presses a key; undefined without a menu. */
  readonly firstType: number | undefined;
};

/**
 * Reads prompt and first menu item from option 43, as a boot ROM does.
 * @throws DecodeError when a length runs past the value
 */
export function parseBootMenu(vendorSpecific: Buffer): BootMenu {
  const options = decodePxeVendorOptions(vendorSpecific);
  const prompt = options.get(PXE_VENDOR_OPTION.menuPrompt)?.toString('latin1', 1) ?? '';
  const menu = options.get(PXE_VENDOR_OPTION.bootMenu);
  return { prompt, firstType: menu === undefined || menu.length < 3 ? undefined : menu.readUInt16BE(0) };
}
