/** What a sensor or part belongs to. @see IPMI v2.0 rev. 1.1 §43.14, Table 43-13 */
const entities: Readonly<Record<number, string>> = {
  0: 'unspecified',
  1: 'other',
  2: 'unknown',
  3: 'processor',
  4: 'disk or disk bay',
  5: 'peripheral bay',
  6: 'system management module',
  7: 'system board',
  8: 'memory module',
  9: 'processor module',
  10: 'power supply',
  11: 'add-in card',
  12: 'front panel board',
  13: 'back panel board',
  14: 'power system board',
  15: 'drive backplane',
  16: 'system internal expansion board',
  17: 'other system board',
  18: 'processor board',
  19: 'power unit',
  20: 'power module',
  21: 'power management board',
  22: 'chassis back panel board',
  23: 'system chassis',
  24: 'sub-chassis',
  25: 'other chassis board',
  26: 'disk drive bay',
  27: 'peripheral bay',
  28: 'device bay',
  29: 'fan',
  30: 'cooling unit',
  31: 'cable/interconnect',
  32: 'memory device',
  33: 'system management software',
  34: 'system firmware',
  35: 'operating system',
  36: 'system bus',
  37: 'group',
  38: 'remote management communication device',
  39: 'external environment',
  40: 'battery',
  41: 'processing blade',
  42: 'connectivity switch',
  43: 'processor/memory module',
  44: 'I/O module',
  45: 'processor/IO module',
  46: 'management controller firmware',
  47: 'IPMI channel',
  48: 'PCI bus',
  49: 'PCI Express bus',
  50: 'SCSI bus',
  51: 'SATA/SAS bus',
  52: 'processor/front-side bus',
  53: 'real time clock',
  55: 'air inlet',
  64: 'air inlet',
  65: 'processor',
  66: 'system board',
};

/** Instances from here to 7Fh are counted by the controller that tells of them. @see §39.1 */
const DEVICE_RELATIVE = 0x60;

/**
 * "processor 1"; of a device-relative instance "processor 1 of this controller".
 * @param id entity id, 0 to 255
 * @param instance as on the wire: bit 7, which marks a logical container, is left out; 0 is shown as no number
 * @see IPMI v2.0 rev. 1.1 §39.1, §43.14
 */
export function describeEntity(id: number, instance: number): string {
  const number = instance & 0x7f;
  const name = entities[id] ?? rangeOf(id);
  if (number >= DEVICE_RELATIVE) return `${name} ${number - DEVICE_RELATIVE} of this controller`;
  return number === 0 ? name : `${name} ${number}`;
}

function rangeOf(id: number): string {
  const code = `${id.toString(16).toUpperCase().padStart(2, '0')}h`;
  if (id >= 0xd0) return `OEM entity ${code}`;
  if (id >= 0xb0) return `board-set specific entity ${code}`;
  if (id >= 0x90) return `chassis specific entity ${code}`;
  return `entity ${code}`;
}
