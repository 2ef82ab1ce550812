import { BMC_ADDRESS } from '../../../../protocols/ipmi/message.ts';
import { convertReading, isNonLinear } from '../../../../protocols/ipmi/sdr/conversion.ts';
import type { FullSensorRecord } from '../../../../protocols/ipmi/sdr/full-sensor-record.ts';
import { sharedSensors } from '../../../../protocols/ipmi/sdr/record-sharing.ts';
import type { SdrRecord } from '../../../../protocols/ipmi/sdr/sdr-record.ts';
import { AnalogDataFormat, formatUnits } from '../../../../protocols/ipmi/sdr/sensor-units.ts';
import type { EventSensor, EventSensors } from '../../../../protocols/ipmi/sel/describe-sel-record.ts';
import { decodeText, readableText } from '../../../../protocols/ipmi/type-length.ts';

/** What the event log needs of the records: names of sensors, event-only ones included, and what raw readings mean. */
export function eventSensors(records: readonly SdrRecord[]): EventSensors {
  const names = new Map<string, string>();
  const analog = new Map<string, FullSensorRecord>();
  for (const { body } of records) {
    if (body.kind !== 'full' && body.kind !== 'compact' && body.kind !== 'event-only') continue;
    for (const { number, name } of sharedSensors(body)) {
      const key = keyOf({ ...body.key, number });
      if (name !== '') names.set(key, name);
      if (body.kind === 'full') analog.set(key, body);
    }
  }
  return {
    name: (sensor) => names.get(keyOf(sensor)),
    convert(sensor, raw) {
      const record = analog.get(keyOf(sensor));
      // The factors of a non-linear sensor would have to be asked for, for a reading that may be years old.
      if (record === undefined || isNonLinear(record.linearization)) return undefined;
      if (record.units.format === AnalogDataFormat.none) return undefined;
      const value = convertReading(raw, record.units.format, record.linearization, record.factors);
      return value === undefined ? undefined : { value, unit: formatUnits(record.units) };
    },
  };
}

/** The BMC's own FRU devices that the records name. @see IPMI v2.0 rev. 1.1 §43.8 */
export function fruLocators(records: readonly SdrRecord[]): readonly { readonly id: number; readonly name: string }[] {
  return records.flatMap(({ body }) => {
    if (body.kind !== 'fru-device-locator' || !body.logical || body.accessAddress !== BMC_ADDRESS) return [];
    const name = readableText(decodeText(body.name));
    return [{ id: body.deviceId, name: name === '' ? `device ${body.deviceId}` : name }];
  });
}

function keyOf({ owner, lun, number }: Pick<EventSensor, 'owner' | 'lun' | 'number'>): string {
  return `${owner} ${lun} ${number}`;
}
