/** What a boot client can run, from option 93. */
export type ClientArchitecture = {
  readonly value: number;
  readonly name: string;
  readonly platform: 'bios' | 'efi' | 'other';
  /** The firmware fetches its loader by HTTP and wants a URL. */
  readonly http: boolean;
};

/**
 * Processor architecture types. 7 and 9 are both x64 in the field: RFC 4578 §2.1 as first printed had them the other
 * way round, until an erratum of 2016, and firmware of both readings is out there.
 * @see IANA "Dynamic Host Configuration Protocol for IPv6", Processor Architecture Types; RFC 4578 §2.1
 */
export const ARCHITECTURES: readonly ClientArchitecture[] = [
  { value: 0, name: 'x86 BIOS', platform: 'bios', http: false },
  { value: 6, name: 'x86 UEFI', platform: 'efi', http: false },
  { value: 7, name: 'x64 UEFI', platform: 'efi', http: false },
  { value: 9, name: 'EBC', platform: 'efi', http: false },
  { value: 10, name: 'ARM 32-bit UEFI', platform: 'efi', http: false },
  { value: 11, name: 'ARM 64-bit UEFI', platform: 'efi', http: false },
  { value: 14, name: 'PowerPC OPAL v3', platform: 'other', http: false },
  { value: 15, name: 'x86 UEFI boot from HTTP', platform: 'efi', http: true },
  { value: 16, name: 'x64 UEFI boot from HTTP', platform: 'efi', http: true },
  { value: 17, name: 'EBC boot from HTTP', platform: 'efi', http: true },
  { value: 18, name: 'ARM UEFI 32 boot from HTTP', platform: 'efi', http: true },
  { value: 19, name: 'ARM UEFI 64 boot from HTTP', platform: 'efi', http: true },
  { value: 20, name: 'PC/AT BIOS boot from HTTP', platform: 'bios', http: true },
  { value: 27, name: 'RISC-V 64-bit UEFI', platform: 'efi', http: false },
  { value: 28, name: 'RISC-V 64-bit UEFI boot from HTTP', platform: 'efi', http: true },
  { value: 41, name: 'arm rpiboot', platform: 'other', http: false },
];

export function architectureName(value: number): string {
  return ARCHITECTURES.find((row) => row.value === value)?.name ?? `architecture ${value}`;
}
