/** The fixed addresses and credentials of every rig. */

/** The service's side: machines' LAN, BMCs' LAN. A link to the host comes from 10.77.2.0/24 (see `network.ts`). */
export const SERVICE = { lan: '10.77.0.1', bmc: '10.77.1.1' } as const;

/** What each BMC lets in. */
export const BMC_CREDENTIALS = {
  administrator: { user: 'admin', password: 'password' },
  operator: { user: 'operator', password: 'password' },
} as const;

/** The NIC of machine `index` (from 1). */
export function macOf(index: number): string {
  return `52:54:00:77:00:${hex(index)}`;
}

/** The address that the DHCP server of a test is to give machine `index`. */
export function ipOf(index: number): string {
  return `10.77.0.${10 + index}`;
}

/** The BMC of machine `index`. */
export function bmcAddressOf(index: number): string {
  return `10.77.1.${10 + index}`;
}

/** The system UUID in machine `index`' SMBIOS table, which PXE clients send as their GUID (option 97). */
export function uuidOf(index: number): string {
  return `6c616200-0000-4000-8000-0000000000${hex(index)}`;
}

/** Two hexadecimal digits. */
export function hex(value: number): string {
  return value.toString(16).padStart(2, '0');
}
