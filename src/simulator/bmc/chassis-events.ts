import type { SystemEventRecord } from '../../protocols/ipmi/sel/sel-record.ts';
import type { ChassisAction } from './chassis.ts';
import type { EventLog } from './event-log.ts';

/** Sensors of the simulated board that only log. @see IPMI v2.0 rev. 1.1 §42.2, Table 42-3 */
const ACPI_POWER_STATE = { sensorType: 0x22, sensorNumber: 0x80 };
const SYSTEM_BOOT = { sensorType: 0x1d, sensorNumber: 0x81 };
const CRITICAL_INTERRUPT = { sensorType: 0x13, sensorNumber: 0x82 };

/** A sensor-specific event of the BMC itself, its event data 2 and 3 unspecified. The log fills in id and time. */
export function bmcEvent(
  sensor: { readonly sensorType: number; readonly sensorNumber: number },
  offset: number,
): SystemEventRecord {
  return {
    kind: 'system-event',
    recordId: 0,
    timestamp: 0,
    generator: { owner: 0x20, channel: 0, lun: 0 },
    eventMessageRevision: 0x04,
    ...sensor,
    deasserted: false,
    eventType: 0x6f,
    eventData1: offset,
    eventData2: 0xff,
    eventData3: 0xff,
  };
}

/**
 * Logs what a chassis verb does to a machine, as boards do: ACPI power states, why the system boots, the diagnostic
 * interrupt. A verb that changes nothing is not logged.
 * @param poweredOn before the verb
 */
export function logChassisAction(log: EventLog, action: ChassisAction, poweredOn: boolean): void {
  if (poweredOn === (action === 'on')) return;
  switch (action) {
    case 'on':
      logPowerUp(log);
      return;
    case 'off':
    case 'soft-off':
      logPowerDown(log);
      return;
    case 'cycle':
      logPowerDown(log);
      logPowerUp(log);
      return;
    case 'reset':
      log.add(bmcEvent(SYSTEM_BOOT, 1));
      return;
    case 'diag':
      log.add(bmcEvent(CRITICAL_INTERRUPT, 0));
      return;
  }
}

/** S0, then "initiated by power up". */
function logPowerUp(log: EventLog): void {
  log.add(bmcEvent(ACPI_POWER_STATE, 0));
  log.add(bmcEvent(SYSTEM_BOOT, 0));
}

/** S5. */
function logPowerDown(log: EventLog): void {
  log.add(bmcEvent(ACPI_POWER_STATE, 5));
}
