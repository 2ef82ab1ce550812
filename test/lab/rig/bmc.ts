/** The BMC of a machine: OpenIPMI's ipmi_sim, with a temperature sensor, an event log, an inventory and SOL. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BMC_CREDENTIALS, bmcAddressOf, hex } from './addresses.ts';
import { must } from './command.ts';
import { encodeFru } from './fru.ts';
import type { HardwareConfig } from './qemu-command.ts';

/**
 * Writes the BMC's configuration into the machine's folder.
 * @returns the command that starts it, to be run in that folder
 */
export async function configureBmc(machine: HardwareConfig): Promise<string[]> {
  const { dir, name } = machine;
  const state = join(dir, 'state', 'ipmi_sim', name);
  mkdirSync(state, { recursive: true });
  const fru = encodeFru(name);
  writeFileSync(join(dir, 'fru.bin'), fru);
  writeFileSync(join(dir, 'temp'), '42\n');
  await must(['sdrcomp', '-o', join(state, 'sdr.20.main'), join(import.meta.dirname, 'bmc.sdrs')]);
  writeFileSync(join(dir, 'lan.conf'), lanConfiguration(machine));
  writeFileSync(join(dir, 'bmc.emu'), emulation(dir, fru.length));
  return ['ipmi_sim', '-c', join(dir, 'lan.conf'), '-f', join(dir, 'bmc.emu'), '-s', join(dir, 'state'), '-n'];
}

/** Network, users, and the way to the hardware. `set_working_mc` has to come first. */
function lanConfiguration(machine: HardwareConfig): string {
  const { administrator, operator } = BMC_CREDENTIALS;
  const kinds = 'none md2 md5 straight';
  return `name "${machine.name}"
set_working_mc 0x20
  startlan 1
    addr ${bmcAddressOf(machine.index)} 623
    priv_limit admin
    allowed_auths_callback ${kinds}
    allowed_auths_user ${kinds}
    allowed_auths_operator ${kinds}
    allowed_auths_admin ${kinds}
    guid 6c6162000000400080000000000000${hex(machine.index)}
  endlan
  chassis_control "${join(import.meta.dirname, 'chassisctl')} ${join(machine.dir, 'ctl.sock')}"
  serial 15 127.0.0.1 ${machine.systemInterfacePort} codec VM
  sol "tcp:127.0.0.1:${machine.serialPort}" 115200 history=16384
  user 1 true "" "" user 10 ${kinds}
  user 2 true "${administrator.user}" "${administrator.password}" admin 10 ${kinds}
  user 3 true "${operator.user}" "${operator.password}" operator 10 ${kinds}
`;
}

/** What the controller has: an event-only sensor, a temperature read from the file `temp`, an inventory. */
function emulation(dir: string, fruLength: number): string {
  return `mc_setbmc 0x20
mc_add 0x20 0x20 no-device-sdrs 0x01 2 0x33 0x9f 0x001291 0x0f02 persist_sdr
sel_enable 0x20 1000 0x0a
sensor_add 0x20 0 0 35 0x6f event-only
sensor_set_event_support 0x20 0 0 enable scanning per-state 000000000001111 000000000000000 000000000001111 000000000000000
sensor_add 0x20 0 1 0x01 0x01 poll 1000 file "${join(dir, 'temp')}"
sensor_set_value 0x20 0 1 42 0
sensor_set_threshold 0x20 0 1 settable 111000 0x64 0x5a 0x50 00 00 00
sensor_set_event_support 0x20 0 1 enable scanning per-state 000111111000000 000111111000000 000111111000000 000111111000000
mc_add_fru_data 0x20 0 ${fruLength} file 0 "${join(dir, 'fru.bin')}"
mc_enable 0x20
`;
}
