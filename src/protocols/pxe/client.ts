import { textOption, u16sOption } from '../dhcp/option-values.ts';
import { DHCP_OPTION, type DhcpOptions } from '../dhcp/options.ts';
import { parseUserClasses } from './user-class.ts';

/** What a DHCP client says about itself as a boot client. */
export type PxeClient = {
  /** From the vendor class: PXE ROM, UEFI HTTP boot, or anything else (an operating system's client). */
  readonly kind: 'pxe' | 'http' | 'other';
  /** Option 93 in its order; empty when absent. Several values are allowed, the client's best first. */
  readonly architectures: readonly number[];
  readonly userClasses: readonly string[];
};

/**
 * Reads vendor class, architecture and user class. Option 94 is not asked for: the Raspberry Pi and some ROMs send
 * none. Where option 93 is absent, the architecture in the vendor class text (`PXEClient:Arch:00007:UNDI:003016`)
 * counts: firmware that omits 93 in its DHCPREQUEST still sends that.
 * @throws DecodeError when option 93 has an odd length
 * @see PXE 2.1 table 2-1; RFC 4578 §2.1; UEFI 2.10 §24.7.3
 */
export function pxeClientOf(options: DhcpOptions): PxeClient {
  const vendorClass = textOption(options, DHCP_OPTION.vendorClass) ?? '';
  const match = /^(PXEClient|HTTPClient)(?::Arch:(\d{5}))?/.exec(vendorClass);
  const inText = match?.[2] === undefined ? [] : [Number.parseInt(match[2], 10)];
  const userClass = options.get(DHCP_OPTION.userClass);
  return {
    kind: match?.[1] === 'PXEClient' ? 'pxe' : match?.[1] === 'HTTPClient' ? 'http' : 'other',
    architectures: u16sOption(options, DHCP_OPTION.clientArchitecture) ?? inText,
    userClasses: userClass === undefined ? [] : parseUserClasses(userClass),
  };
}

/** `PXEClient:Arch:00007:UNDI:003001`, as PXE ROMs write it. @see PXE 2.1 §2.2.2 */
export function formatVendorClass(kind: 'PXEClient' | 'HTTPClient', architecture: number): string {
  return `${kind}:Arch:${String(architecture).padStart(5, '0')}:UNDI:003001`;
}
