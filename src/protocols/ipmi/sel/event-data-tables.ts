/**
 * Meanings of the codes in event data 2 and 3, by sensor type.
 * @see IPMI v2.0 rev. 1.1 §42.2, Table 42-3
 */

/** System firmware error, offset 00h. */
export const firmwareErrors: readonly string[] = [
  'unspecified',
  'no system memory is physically installed',
  'no usable system memory',
  'unrecoverable hard disk failure',
  'unrecoverable system board failure',
  'unrecoverable diskette subsystem failure',
  'unrecoverable hard disk controller failure',
  'unrecoverable PS/2 or USB keyboard failure',
  'removable boot media not found',
  'unrecoverable video controller failure',
  'no video device detected',
  'firmware (BIOS) ROM corruption detected',
  'CPU voltage mismatch',
  'CPU speed matching failure',
];

/** System firmware hang and progress, offsets 01h and 02h. */
export const firmwareProgress: readonly string[] = [
  'unspecified',
  'memory initialization',
  'hard disk initialization',
  'secondary processor initialization',
  'user authentication',
  'user-initiated system setup',
  'USB resource configuration',
  'PCI resource configuration',
  'option ROM initialization',
  'video initialization',
  'cache initialization',
  'SM bus initialization',
  'keyboard controller initialization',
  'management controller initialization',
  'docking station attachment',
  'enabling docking station',
  'docking station ejection',
  'disabling docking station',
  'calling operating system wake-up vector',
  'starting operating system boot process',
  'baseboard initialization',
  'reserved',
  'floppy initialization',
  'keyboard test',
  'pointing device test',
  'primary processor initialization',
];

/** Power supply, configuration error, event data 3 bits 3:0. */
export const supplyConfigurationErrors: readonly string[] = [
  'vendor mismatch',
  'revision mismatch',
  'processor missing',
  'power supply rating mismatch',
  'voltage rating mismatch',
];

/** System boot, system restart, event data 2 bits 3:0. @see §28.11 */
export const restartCauses: readonly string[] = [
  'unknown cause',
  'chassis control command',
  'reset by pushbutton',
  'power-up by pushbutton',
  'watchdog expiration',
  'OEM cause',
  'automatic power-up, always restore',
  'automatic power-up, restore previous state',
  'reset by event filter',
  'power cycle by event filter',
  'soft reset',
  'power-up by real-time clock',
];

/** Chip set, soft power control failure: power states. */
export const powerStates: readonly string[] = [
  'S0/G0 working',
  'S1',
  'S2',
  'S3',
  'S4',
  'S5/G2 soft off',
  'S4/S5 soft off',
  'G3 mechanical off',
  'sleeping in S1, S2 or S3',
  'G1 sleeping',
  'S5 entered by override',
  'legacy on',
  'legacy off',
];

/** Slot or connector, event data 2 bits 6:0. */
export const slotTypes: readonly string[] = [
  'PCI',
  'drive array',
  'external peripheral connector',
  'docking',
  'internal expansion slot',
  'slot of its entity',
  'AdvancedTCA',
  'DIMM/memory device',
  'fan',
  'PCI Express',
  'SCSI',
  'SATA/SAS',
  'USB',
];

/** Watchdog 2, event data 2 bits 7:4 and 3:0. */
export const watchdogInterrupts: readonly string[] = ['none', 'SMI', 'NMI', 'messaging interrupt'];
export const watchdogUses: readonly string[] = ['reserved', 'BIOS FRB2', 'BIOS/POST', 'OS load', 'SMS/OS', 'OEM'];

/** Session audit, event data 3 bits 5:4. */
export const sessionEnds: readonly string[] = [
  'unspecified cause',
  'closed by command',
  'timed out',
  'ended by configuration change',
];

/** Version change, event data 2. */
export const versionChanges: readonly string[] = [
  'unspecified',
  'management controller device id',
  'management controller firmware revision',
  'management controller device revision',
  'management controller manufacturer id',
  'management controller IPMI version',
  'management controller auxiliary firmware id',
  'management controller firmware boot block',
  'other management controller firmware',
  'system firmware (EFI/BIOS)',
  'SMBIOS',
  'operating system',
  'operating system loader',
  'service or diagnostic partition',
  'management software agent',
  'management software application',
  'management software middleware',
  'programmable hardware (FPGA)',
  'board or FRU module added or removed',
  'board or FRU component added or removed',
  'board or FRU replaced with an equivalent version',
  'board or FRU replaced with a newer version',
  'board or FRU replaced with an older version',
  'board or FRU hardware configuration',
];

/** FRU state, event data 2 bits 7:4. */
export const fruStateCauses: readonly string[] = [
  'normal state change',
  'commanded by external software',
  'handle latch changed by operator',
  'hot swap button pressed by operator',
  'FRU programmatic action',
  'communication lost',
  'communication lost by local failure',
  'unexpected extraction',
  'operator intervention or update',
  'IPMB address cannot be computed',
  'unexpected deactivation',
];

/** System event, auxiliary log, event data 2 bits 7:4 and 3:0. */
export const auxiliaryLogActions: readonly string[] = [
  'entry added',
  'entry added that maps to no standard event',
  'entry added along with event log entries',
  'log cleared',
  'log disabled',
  'log enabled',
];
export const auxiliaryLogs: readonly string[] = ['MCA log', 'OEM log 1', 'OEM log 2'];

/** System event, platform event filter action, event data 2, from bit 0. */
export const filterActions: readonly string[] = [
  'alert',
  'power off',
  'reset',
  'power cycle',
  'OEM action',
  'diagnostic interrupt',
];
