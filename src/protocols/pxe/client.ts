import { textOption, u16sOption } from '../dhcp/option-values.ts';
import { DHCP_OPTION, type DhcpOptions } from '../dhcp/options.ts';
import { parseUserClasses } from './user-class.ts';

/** What a DHCP client says about itself as a boot client. */
export type PxeClient = {
  /** PXE ROM, UEFI HTTP boot, or anything else (an operating system's client). */
  readonly kind: 'pxe' | 'http' | 'other';
  /** First word of the vendor class, which the answer repeats: `PXEClient`, `HTTPClient`, or a maker's own. */
  readonly vendorClass: string;
  /** Option 93 in its order; empty when absent. Several values are allowed, the client's best first. */
  readonly architectures: readonly number[];
  readonly userClasses: readonly string[];
};

/**
 * Reads vendor class, architecture and user class. Neither option 94 nor 97 is asked for: the Raspberry Pi and some ROMs send
 * none (danderson/pixiecore#21). Where option 93 is absent, the architecture in the vendor class text
 * (`PXEClient:Arch:00007:UNDI:003016`) counts: firmware that omits 93 in its DHCPREQUEST still sends that. A client with
 * option 93 is a boot client whatever its vendor class: Huawei servers say `HW-Client:Arch:…` (dnsmasq's dhcp-pxe-vendor),
 * and the Raspberry Pi leaves option 60 out of its DHCPREQUEST (raspberrypi/rpi-eeprom#82).
 * @throws DecodeError when option 93 has an odd length
 * @see PXE 2.1 table 2-1; RFC 4578 §2.1; UEFI 2.10 §24.7.3
 */
export function pxeClientOf(options: DhcpOptions): PxeClient {
  const userClass = options.get(DHCP_OPTION.userClass);
  return bootClientOf(
    textOption(options, DHCP_OPTION.vendorClass) ?? '',
    u16sOption(options, DHCP_OPTION.clientArchitecture),
    userClass === undefined ? [] : parseUserClasses(userClass),
  );
}

/**
 * The same of what either version of DHCP carries.
 * @param text the vendor class
 * @param listed the architectures that the client lists; undefined when it has no such option
 */
export function bootClientOf(
  text: string,
  listed: readonly number[] | undefined,
  userClasses: readonly string[],
): PxeClient {
  const match = VENDOR_CLASS.exec(text);
  const [, word = '', number] = match ?? [];
  const inText = number === undefined ? [] : [Number.parseInt(number, 10)];
  const architectures = listed ?? inText;
  const standard = word === 'PXEClient' || word === 'HTTPClient';
  return {
    kind: word === 'HTTPClient' ? 'http' : word === 'PXEClient' || architectures.length > 0 ? 'pxe' : 'other',
    vendorClass: standard || number !== undefined ? word : 'PXEClient',
    architectures,
    userClasses,
  };
}

/** A word and, for a boot client, the architecture; what follows (UNDI version) is of no use here. */
const VENDOR_CLASS = /^([A-Za-z][A-Za-z0-9_-]{0,31})(?::Arch:(\d{5}))?/;

/** `PXEClient:Arch:00007:UNDI:003001`, as PXE ROMs write it. @see PXE 2.1 §2.2.2 */
export function formatVendorClass(word: string, architecture: number): string {
  return `${word}:Arch:${String(architecture).padStart(5, '0')}:UNDI:003001`;
}
