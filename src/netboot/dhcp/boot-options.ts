import { DecodeError, unreachableCase } from '../../foundation/errors.ts';
import type { DhcpMessage } from '../../protocols/dhcp/message.ts';
import { textValue, u8Value, u16Value } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';
import { messageVendorOptions } from '../../protocols/pxe/boot-menu.ts';
import { raspberryPiVendorOptions } from '../../protocols/pxe/raspberry-pi.ts';
import {
  DISCOVERY_CONTROL,
  decodePxeVendorOptions,
  encodePxeVendorOptions,
  PXE_VENDOR_OPTION,
} from '../../protocols/pxe/vendor-options.ts';
import { STOP_SECONDS } from '../assets/served-scripts.ts';
import type { BootWord } from './boot-word.ts';

/** Characters of the header's file field, one short of its 128 bytes: the receiver has to find a NUL. */
const LONGEST_HEADER_FILE = 127;
/** A DHCP option holds 255 bytes; with the NUL. */
const LONGEST_OPTION_FILE = 254;

/** What goes into the header's file field; empty when there is none, or it is too long for the field. */
export function headerFile(boot: BootWord): string {
  const file = fileOf(boot);
  return file.length > LONGEST_HEADER_FILE ? '' : file;
}

/** @returns the file name or URL of the reply; empty for one without */
function fileOf(boot: BootWord): string {
  switch (boot.kind) {
    case 'file':
    case 'plain-file':
    case 'raspberry-pi':
      return boot.file;
    case 'url':
      return boot.url;
    case 'boot-server':
    case 'message':
      return '';
    default:
      return unreachableCase(boot, 'boot word');
  }
}

/**
 * Adds what a boot answer needs to a reply's options.
 *
 *   60  the client's own vendor class: it ignores others. HTTPClient only with a URL (UEFI 2.10 §24.7.3)
 *   43  {6: 8}, boot the file of this reply. Always together with 60 where a file is named: EDK2 takes 60 alone for an order to ask
 *       port 4011, and ignores the name (UefiPxeBcDxe/PxeBcDhcp4.c); which is just what `boot-server` wants
 *   66  the server, for those who ask and for the Raspberry Pi, which may ignore siaddr (raspberrypi/firmware#1265)
 *   67  the file with a NUL, which some ROMs need and EDK2 would else write beyond the option; for those who ask, and always where the header
 *       does not hold it. Others get the header alone: shim 15.8 loses the directory of some option 67 (rhboot/shim#710)
 *   13  blocks of 512 bytes, for those who ask: saves EDK2's size probe
 * Option 52 is never sent: old ROMs misread it.
 * @param echoBootItem repeat the boot item that the client asked the boot server for (43.71)
 */
export function addBootOptions(
  options: Map<number, Buffer>,
  request: DhcpMessage,
  server: string,
  boot: BootWord,
  echoBootItem: boolean,
): void {
  const asked = request.options.get(DHCP_OPTION.parameterRequestList);
  addVendorOptions(options, request, boot, echoBootItem);
  const file = fileOf(boot);
  if (file === '') return;
  const isPi = boot.kind === 'raspberry-pi';
  const byTftp = boot.kind !== 'url';
  if (byTftp && (isPi || asked?.includes(DHCP_OPTION.tftpServerName) === true))
    options.set(DHCP_OPTION.tftpServerName, textValue(server));
  const inOption = !byTftp || file.length > LONGEST_HEADER_FILE || asked?.includes(DHCP_OPTION.bootFileName) === true;
  if (inOption && file.length <= LONGEST_OPTION_FILE) options.set(DHCP_OPTION.bootFileName, textValue(`${file}\0`));
  const blocks = 'bytes' in boot && boot.bytes !== undefined ? Math.ceil(boot.bytes / 512) : 0;
  if (blocks > 0 && blocks <= 0xffff && asked?.includes(DHCP_OPTION.bootFileSize) === true)
    options.set(DHCP_OPTION.bootFileSize, u16Value(blocks));
}

function addVendorOptions(
  options: Map<number, Buffer>,
  request: DhcpMessage,
  boot: BootWord,
  echoBootItem: boolean,
): void {
  switch (boot.kind) {
    case 'file':
      options.set(DHCP_OPTION.vendorClass, textValue(boot.vendorClass));
      options.set(DHCP_OPTION.vendorSpecific, bootThisFile(echoBootItem ? bootItemOf(request) : undefined));
      return;
    case 'raspberry-pi':
      options.set(DHCP_OPTION.vendorClass, textValue('PXEClient'));
      options.set(DHCP_OPTION.vendorSpecific, raspberryPiVendorOptions(DISCOVERY_CONTROL.bootOfferedFile));
      return;
    case 'message':
      options.set(DHCP_OPTION.vendorClass, textValue(boot.vendorClass));
      options.set(DHCP_OPTION.vendorSpecific, messageVendorOptions(boot.text, STOP_SECONDS));
      return;
    case 'boot-server':
      options.set(DHCP_OPTION.vendorClass, textValue(boot.vendorClass));
      return;
    case 'url':
      options.set(DHCP_OPTION.vendorClass, textValue('HTTPClient'));
      return;
    case 'plain-file':
      return;
    default:
      unreachableCase(boot, 'boot word');
  }
}

/** Discovery control 8: no menu and no discovery, boot the file of this reply. */
function bootThisFile(item: Buffer | undefined): Buffer {
  const control = [PXE_VENDOR_OPTION.discoveryControl, u8Value(DISCOVERY_CONTROL.bootOfferedFile)] as const;
  return encodePxeVendorOptions(
    new Map(item === undefined ? [control] : [control, [PXE_VENDOR_OPTION.bootItem, item]]),
  );
}

/** The boot item that the client asked for; undefined when it named none that can be read. */
function bootItemOf(request: DhcpMessage): Buffer | undefined {
  const asked = request.options.get(DHCP_OPTION.vendorSpecific);
  if (asked === undefined) return undefined;
  try {
    const item = decodePxeVendorOptions(asked).get(PXE_VENDOR_OPTION.bootItem);
    // Type and layer, two bytes each; what is longer is no boot item, and is not to come back.
    return item === undefined || item.length > 4 ? undefined : item;
  } catch (error) {
    // Option 43 belongs to whatever vendor class the client has; one we cannot read is one without a boot item.
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
