/**
 * Chassis types, by code.
 * @see System Management BIOS (DSP0134) §7.4.1; FRU v1.0 rev. 1.3 §10
 */
const chassisTypes: readonly string[] = [
  'Unspecified',
  'Other',
  'Unknown',
  'Desktop',
  'Low Profile Desktop',
  'Pizza Box',
  'Mini Tower',
  'Tower',
  'Portable',
  'Laptop',
  'Notebook',
  'Hand Held',
  'Docking Station',
  'All in One',
  'Sub Notebook',
  'Space-saving',
  'Lunch Box',
  'Main Server Chassis',
  'Expansion Chassis',
  'SubChassis',
  'Bus Expansion Chassis',
  'Peripheral Chassis',
  'RAID Chassis',
  'Rack Mount Chassis',
  'Sealed-case PC',
  'Multi-system Chassis',
  'Compact PCI',
  'Advanced TCA',
  'Blade',
  'Blade Enclosure',
  'Tablet',
  'Convertible',
  'Detachable',
  'IoT Gateway',
  'Embedded PC',
  'Mini PC',
  'Stick PC',
];

/** "Rack Mount Chassis"; "type 40h" for what has no name. */
export function chassisTypeName(type: number): string {
  return chassisTypes[type] ?? `type ${type.toString(16).toUpperCase().padStart(2, '0')}h`;
}
