/** What a boot client can run, from option 93. */
export type ClientArchitecture = {
  readonly value: number;
  readonly name: string;
  /** `uboot`: U-Boot's own boot, which is neither; as UEFI it asks as 10 or 11. */
  readonly platform: 'bios' | 'efi' | 'uboot' | 'other';
  /** The firmware fetches its loader by HTTP and wants a URL. */
  readonly http: boolean;
};

/**
 * Processor architecture types. 7 and 9 are both x64 in the field: RFC 4578 §2.1 as first printed had them the other
 * way round, until an erratum of 2016, and firmware of both readings is out there. 1 to 5 and 8 were given out by RFC 4578 and
 * are deprecated; they are here so that a client with one of them can be told by name.
 * @see IANA "Dynamic Host Configuration Protocol for IPv6", Processor Architecture Types (RFC 5970 §3.3); RFC 4578 §2.1
 */
export const ARCHITECTURES: readonly ClientArchitecture[] = [
  { value: 0, name: 'x86 BIOS', platform: 'bios', http: false },
  { value: 1, name: 'NEC/PC98', platform: 'other', http: false },
  { value: 2, name: 'Itanium', platform: 'efi', http: false },
  { value: 3, name: 'DEC Alpha', platform: 'other', http: false },
  { value: 4, name: 'Arc x86', platform: 'other', http: false },
  { value: 5, name: 'Intel Lean Client', platform: 'other', http: false },
  { value: 6, name: 'x86 UEFI', platform: 'efi', http: false },
  { value: 7, name: 'x64 UEFI', platform: 'efi', http: false },
  { value: 8, name: 'EFI Xscale', platform: 'efi', http: false },
  { value: 9, name: 'EBC', platform: 'efi', http: false },
  { value: 10, name: 'ARM 32-bit UEFI', platform: 'efi', http: false },
  { value: 11, name: 'ARM 64-bit UEFI', platform: 'efi', http: false },
  { value: 12, name: 'PowerPC Open Firmware', platform: 'other', http: false },
  { value: 13, name: 'PowerPC ePAPR', platform: 'other', http: false },
  { value: 14, name: 'PowerPC OPAL v3', platform: 'other', http: false },
  { value: 15, name: 'x86 UEFI boot from HTTP', platform: 'efi', http: true },
  { value: 16, name: 'x64 UEFI boot from HTTP', platform: 'efi', http: true },
  { value: 17, name: 'EBC boot from HTTP', platform: 'efi', http: true },
  { value: 18, name: 'ARM UEFI 32 boot from HTTP', platform: 'efi', http: true },
  { value: 19, name: 'ARM UEFI 64 boot from HTTP', platform: 'efi', http: true },
  { value: 20, name: 'PC/AT BIOS boot from HTTP', platform: 'bios', http: true },
  { value: 21, name: 'ARM 32-bit U-Boot', platform: 'uboot', http: false },
  { value: 22, name: 'ARM 64-bit U-Boot', platform: 'uboot', http: false },
  { value: 23, name: 'ARM 32-bit U-Boot boot from HTTP', platform: 'uboot', http: true },
  { value: 24, name: 'ARM 64-bit U-Boot boot from HTTP', platform: 'uboot', http: true },
  { value: 25, name: 'RISC-V 32-bit UEFI', platform: 'efi', http: false },
  { value: 26, name: 'RISC-V 32-bit UEFI boot from HTTP', platform: 'efi', http: true },
  { value: 27, name: 'RISC-V 64-bit UEFI', platform: 'efi', http: false },
  { value: 28, name: 'RISC-V 64-bit UEFI boot from HTTP', platform: 'efi', http: true },
  { value: 29, name: 'RISC-V 128-bit UEFI', platform: 'efi', http: false },
  { value: 30, name: 'RISC-V 128-bit UEFI boot from HTTP', platform: 'efi', http: true },
  { value: 31, name: 's390 Basic', platform: 'other', http: false },
  { value: 32, name: 's390 Extended', platform: 'other', http: false },
  { value: 33, name: 'MIPS 32-bit UEFI', platform: 'efi', http: false },
  { value: 34, name: 'MIPS 64-bit UEFI', platform: 'efi', http: false },
  { value: 35, name: 'Sunway 32-bit UEFI', platform: 'efi', http: false },
  { value: 36, name: 'Sunway 64-bit UEFI', platform: 'efi', http: false },
  { value: 37, name: 'LoongArch 32-bit UEFI', platform: 'efi', http: false },
  { value: 38, name: 'LoongArch 32-bit UEFI boot from HTTP', platform: 'efi', http: true },
  { value: 39, name: 'LoongArch 64-bit UEFI', platform: 'efi', http: false },
  { value: 40, name: 'LoongArch 64-bit UEFI boot from HTTP', platform: 'efi', http: true },
  { value: 41, name: 'arm rpiboot', platform: 'other', http: false },
];

const BY_VALUE: ReadonlyMap<number, ClientArchitecture> = new Map(ARCHITECTURES.map((row) => [row.value, row]));

/** `x64 UEFI`, or `architecture 77` for a value that IANA has not given out. */
export function architectureName(value: number): string {
  return BY_VALUE.get(value)?.name ?? `architecture ${value}`;
}

export function architectureOf(value: number): ClientArchitecture | undefined {
  return BY_VALUE.get(value);
}
