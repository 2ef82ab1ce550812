import { NO_ADDRESS } from '../../protocols/dhcp/ipv4.ts';
import type { DhcpMessage } from '../../protocols/dhcp/message.ts';
import { addressOption, textOption, u16sOption } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';
import { parseBootMenu } from '../../protocols/pxe/boot-menu.ts';
import { DISCOVERY_CONTROL, decodePxeVendorOptions, PXE_VENDOR_OPTION } from '../../protocols/pxe/vendor-options.ts';
import type { Speaker } from './messages.ts';
import type { PxeClientOptions } from './options.ts';

/** What an answer makes firmware do. */
export type BootOrder =
  | { readonly kind: 'file'; readonly server: string; readonly file: string; readonly bytes: number | undefined }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'ask-boot-server'; readonly server: string }
  | { readonly kind: 'message'; readonly text: string }
  | { readonly kind: 'nothing' };

const NOTHING: BootOrder = { kind: 'nothing' };

/**
 * Reads an answer as the firmware would that is simulated.
 *
 * PXE by EDK2's rules (UefiPxeBcDxe): an answer with option 60 names its file when option 43 says to boot the offered one, shows
 * a menu when there is one, and otherwise sends the client to the boot server. HTTP boot by HttpBootDxe's: option 60 HTTPClient and a
 * URL, or nothing. A Raspberry Pi looks for its text in the menu, and takes the server from option 66 first.
 * @param asksBootServer the firmware follows port 4011 even where the offer names a file
 */
export function readBootAnswer(
  answer: DhcpMessage,
  client: Pick<PxeClientOptions, 'firmware' | 'vendorClass' | 'ignoresVendorClass'>,
  speaker: Speaker,
  asksBootServer: boolean,
): BootOrder {
  const server = answer.siaddr !== NO_ADDRESS ? answer.siaddr : (serverOf(answer) ?? NO_ADDRESS);
  const vendorClass = textOption(answer.options, DHCP_OPTION.vendorClass) ?? '';
  const file = textOption(answer.options, DHCP_OPTION.bootFileName) ?? answer.file;
  const [blocks] = u16sOption(answer.options, DHCP_OPTION.bootFileSize) ?? [];
  const named: BootOrder = { kind: 'file', server, file, bytes: blocks === undefined ? undefined : blocks * 512 };
  if (speaker === 'firmware' && client.firmware === 'uefi-http')
    return vendorClass.startsWith('HTTPClient') && file.startsWith('http') ? { kind: 'url', url: file } : NOTHING;
  const vendor = answer.options.get(DHCP_OPTION.vendorSpecific);
  if (speaker === 'firmware' && client.firmware === 'raspberry-pi') return raspberryPi(answer, vendor, named);
  const isOurs = vendorClass.startsWith(speaker === 'firmware' ? (client.vendorClass ?? 'PXEClient') : 'PXEClient');
  if (client.ignoresVendorClass === true && isOurs && file !== '' && speaker === 'firmware') return NOTHING;
  if (!isOurs) return file === '' ? NOTHING : named;
  const control =
    vendor === undefined ? 0 : (decodePxeVendorOptions(vendor).get(PXE_VENDOR_OPTION.discoveryControl)?.[0] ?? 0);
  if ((control & DISCOVERY_CONTROL.bootOfferedFile) !== 0 && !asksBootServer) return named;
  const menu = vendor === undefined ? undefined : parseBootMenu(vendor);
  if (menu?.firstType !== undefined) return { kind: 'message', text: menu.prompt };
  return { kind: 'ask-boot-server', server };
}

function raspberryPi(
  answer: DhcpMessage,
  vendor: Buffer | undefined,
  named: Extract<BootOrder, { kind: 'file' }>,
): BootOrder {
  const menu = vendor === undefined ? undefined : decodePxeVendorOptions(vendor).get(PXE_VENDOR_OPTION.bootMenu);
  if (menu?.includes('Raspberry Pi Boot') !== true) return NOTHING;
  return { ...named, server: textOption(answer.options, DHCP_OPTION.tftpServerName) ?? named.server };
}

/** Option 54; undefined when the answer has none. */
export function serverOf(answer: DhcpMessage): string | undefined {
  return addressOption(answer.options, DHCP_OPTION.serverIdentifier);
}
