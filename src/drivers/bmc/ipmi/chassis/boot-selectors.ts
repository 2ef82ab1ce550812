import type { BootDevice } from '../../../../domain/ports/bmc.ts';
import { BootDeviceSelector } from '../../../../protocols/ipmi/commands/chassis/boot-flags.ts';

/** By the specification. @see IPMI v2.0 rev. 1.1 Table 28-14 parameter 5 */
const selectors: Readonly<Record<BootDevice, number>> = {
  none: BootDeviceSelector.noOverride,
  pxe: BootDeviceSelector.pxe,
  disk: BootDeviceSelector.hardDrive,
  cdrom: BootDeviceSelector.cdOrDvd,
  setup: BootDeviceSelector.biosSetup,
};

/** Boards on which a device has another selector than in the specification. */
export type BootSelectorRule = {
  readonly manufacturerIds: readonly number[];
  /** Only in UEFI mode, or only in legacy mode. */
  readonly efi: boolean;
  readonly device: BootDevice;
  readonly selector: number;
};

/**
 * What is known to differ.
 * - Supermicro, UEFI: the disk is 24h, selector 9; with 08h the machine stays with its boot order. OpenStack Ironic has
 *   the same rule (ironic/drivers/modules/ipmitool.py, `_vendor_aware_boot_device_map`; storyboard 2008241). Some of its
 *   boards give 47488 as their manufacturer instead of the assigned 10876 (FreeIPMI's list of enterprise numbers).
 */
export const bootSelectorRules: readonly BootSelectorRule[] = [
  { manufacturerIds: [10876, 47488], efi: true, device: 'disk', selector: BootDeviceSelector.remoteMedia },
];

/** Whether the manufacturer must be known to choose the selector. */
export function dependsOnManufacturer(device: BootDevice, efi: boolean): boolean {
  return bootSelectorRules.some((rule) => rule.efi === efi && rule.device === device);
}

/** Whether the manufacturer must be known to tell the device. */
export function selectorIsAmbiguous(selector: number, efi: boolean): boolean {
  return bootSelectorRules.some((rule) => rule.efi === efi && rule.selector === selector);
}

/** @param manufacturerId null: not known, and the specification holds */
export function selectorFor(device: BootDevice, efi: boolean, manufacturerId: number | null): number {
  const rule = rulesOf(efi, manufacturerId).find((each) => each.device === device);
  return rule?.selector ?? selectors[device];
}

/** @param manufacturerId null: not known, and the specification holds */
export function deviceOf(selector: number, efi: boolean, manufacturerId: number | null): BootDevice | 'other' {
  const rule = rulesOf(efi, manufacturerId).find((each) => each.selector === selector);
  if (rule !== undefined) return rule.device;
  const devices: readonly BootDevice[] = ['none', 'pxe', 'disk', 'cdrom', 'setup'];
  return devices.find((device) => selectors[device] === selector) ?? 'other';
}

function rulesOf(efi: boolean, manufacturerId: number | null): readonly BootSelectorRule[] {
  if (manufacturerId === null) return [];
  return bootSelectorRules.filter((rule) => rule.efi === efi && rule.manufacturerIds.includes(manufacturerId));
}
