import { encodePxeVendorOptions, PXE_VENDOR_OPTION } from './vendor-options.ts';

/**
 * Ethernet address blocks of Raspberry Pi boards: the boot ROM has no other mark, it asks as a BIOS (architecture 0).
 * @see IEEE MA-L assignments to "Raspberry Pi Foundation", "Raspberry Pi Trading Ltd" and "Raspberry Pi (Trading) Ltd"
 */
const ADDRESS_BLOCKS = [
  'b8:27:eb', // Pi 1 to 3
  'dc:a6:32', // Pi 4
  'e4:5f:01', // Pi 4, 400, CM4
  '28:cd:c1',
  'd8:3a:dd', // Pi 5
  '2c:cf:67', // Pi 5
  '88:a2:9e',
];

/** Option 93 of a Pi in rpiboot. @see IANA Processor Architecture Types, 0x29 */
const ARM_RPIBOOT = 41;

/**
 * Whether a boot ROM of a Raspberry Pi asks. The board's later UEFI has the same address and says so in option 93 (10 or 11): that
 * is an ordinary UEFI client.
 * @param mac lower case with colons
 */
export function isRaspberryPiRom(mac: string, architectures: readonly number[]): boolean {
  if (architectures.includes(ARM_RPIBOOT)) return true;
  const [first = 0] = architectures;
  return first === 0 && isRaspberryPi(mac);
}

export function isRaspberryPi(mac: string): boolean {
  return ADDRESS_BLOCKS.includes(mac.slice(0, 8));
}

/**
 * Option 43 without which the boot ROM does not fetch a file: a boot menu with one item of type 0 whose text is
 * "Raspberry Pi Boot", and a prompt "PXE" that does not wait. The ROM looks for the text.
 *   9   type 2, length 1, text     10  timeout 1, text
 * No padding: the ROM does not skip option 0 (raspberrypi/rpi-eeprom#82).
 * @see PXE 2.1 table 2-1; Raspberry Pi documentation, "Network boot your Raspberry Pi"
 */
export function raspberryPiVendorOptions(discoveryControl: number): Buffer {
  const text = Buffer.from('Raspberry Pi Boot', 'latin1');
  return encodePxeVendorOptions(
    new Map([
      [PXE_VENDOR_OPTION.discoveryControl, Buffer.from([discoveryControl])],
      [PXE_VENDOR_OPTION.bootMenu, Buffer.concat([Buffer.from([0, 0, text.length]), text])],
      [PXE_VENDOR_OPTION.menuPrompt, Buffer.concat([Buffer.from([0]), Buffer.from('PXE', 'latin1')])],
    ]),
  );
}
