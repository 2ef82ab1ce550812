import type { SensorReading, SensorThresholds } from '../../../../domain/hardware.ts';
import {
  type GetSensorReadingResponse,
  getSensorReading,
} from '../../../../protocols/ipmi/commands/sensor/get-sensor-reading.ts';
import { CompletionCode, describeCompletionCode } from '../../../../protocols/ipmi/completion-code.ts';
import { BMC_ADDRESS } from '../../../../protocols/ipmi/message.ts';
import { EventReadingType, sensorTypeName } from '../../../../protocols/ipmi/sdr/event-states.ts';
import type { FullSensorRecord } from '../../../../protocols/ipmi/sdr/full-sensor-record.ts';
import { formatUnits } from '../../../../protocols/ipmi/sdr/sensor-units.ts';
import type { IpmiRequester } from '../requester.ts';
import { askPatiently } from './ask-patiently.ts';
import type { KnownSensor } from './known-sensor.ts';
import { loadSdrs, type SdrCache } from './sdr-cache.ts';
import { discreteStates, type SensorStates, thresholdStates } from './sensor-states.ts';
import { noThresholds, thresholdsOf } from './sensor-thresholds.ts';
import { analogRecord, inSensorUnit } from './sensor-value.ts';

/**
 * Reads every sensor of the controller, one request after the other. A sensor that is refused, with whatever code
 * (CBh Dell 2950, CDh Sun V20z, C9h Dell 2650, CEh HP DL145 G2, D5h Sun X4450, FFh Sun X6250, D3h Sun 6000 M2, all in
 * FreeIPMI's list of defects), is told as unavailable, and the others go on.
 * @param cache of this BMC; filled by the first call, so that later ones ask for readings only
 * @throws CompletionCodeError when the records cannot be read; UnreachableError when nothing comes back
 * @see IPMI v2.0 rev. 1.1 §35, §36
 */
export async function readSensors(
  requester: IpmiRequester,
  cache: SdrCache,
  signal: AbortSignal,
): Promise<readonly SensorReading[]> {
  const { sensors } = await loadSdrs(requester, cache, signal);
  const readings: SensorReading[] = [];
  for (const sensor of sensors) readings.push(await readSensor(requester, sensor, signal));
  return readings;
}

async function readSensor(requester: IpmiRequester, sensor: KnownSensor, signal: AbortSignal): Promise<SensorReading> {
  // Asking through the BMC would need bridging; and boards that name a wrong owner are not second-guessed.
  if (sensor.record.key.owner !== BMC_ADDRESS) return unavailable(sensor, 'behind another controller');
  const reading = await askReading(requester, sensor, signal);
  if (typeof reading === 'string') return unavailable(sensor, reading);
  if (reading.readingUnavailable) return unavailable(sensor, 'reading unavailable');
  // Dell PowerEdge 2950 and R610 leave this bit clear for sensors that are scanned (FreeIPMI's list of defects); but
  // what others report then is a value from before, or zero.
  if (!reading.scanningEnabled) return unavailable(sensor, 'scanning disabled');
  return sensor.record.eventReadingType === EventReadingType.threshold
    ? thresholdReading(requester, sensor, reading, signal)
    : discreteReading(requester, sensor, reading, signal);
}

/** @returns the answer, or why there is none */
async function askReading(
  requester: IpmiRequester,
  { record, number }: KnownSensor,
  signal: AbortSignal,
): Promise<GetSensorReadingResponse | string> {
  const options = { lun: record.key.lun };
  const reply = await askPatiently(requester, getSensorReading, { sensorNumber: number }, signal, options);
  if (reply.kind === 'answered') return reply.response;
  if (reply.kind === 'malformed') return 'answer cut short';
  return reply.completionCode === CompletionCode.notPresent
    ? 'no such sensor (CBh)'
    : describeCompletionCode(reply.completionCode, getSensorReading.completionCodes);
}

async function thresholdReading(
  requester: IpmiRequester,
  sensor: KnownSensor,
  reading: GetSensorReadingResponse,
  signal: AbortSignal,
): Promise<SensorReading> {
  const record = analogRecord(sensor);
  if (record === undefined) {
    return reported(sensor, null, noThresholds, thresholdStates(sensor, reading, null, noThresholds));
  }
  const values = await keptThresholds(requester, sensor, record, reading.states ?? 0, signal);
  const value = (await inSensorUnit(requester, sensor, record, reading.reading, signal)) ?? null;
  const states = thresholdStates(sensor, reading, value, values);
  const whyNot = value === null ? `no value for raw reading ${reading.reading}` : null;
  return { ...reported(sensor, value, values, states), unavailable: whyNot };
}

/** Those from before, unless the controller's comparison with them has changed; whoever looks then wants to know. */
async function keptThresholds(
  requester: IpmiRequester,
  sensor: KnownSensor,
  record: FullSensorRecord,
  comparison: number,
  signal: AbortSignal,
): Promise<SensorThresholds> {
  if (sensor.thresholds?.comparison === comparison) return sensor.thresholds.values;
  const values = await thresholdsOf(requester, sensor, record, signal);
  if (values === undefined) return sensor.thresholds?.values ?? noThresholds;
  sensor.thresholds = { values, comparison };
  return values;
}

async function discreteReading(
  requester: IpmiRequester,
  sensor: KnownSensor,
  reading: GetSensorReadingResponse,
  signal: AbortSignal,
): Promise<SensorReading> {
  const record = analogRecord(sensor);
  const value = record && (await inSensorUnit(requester, sensor, record, reading.reading, signal));
  return reported(sensor, value ?? null, null, discreteStates(sensor, reading));
}

function reported(
  sensor: KnownSensor,
  value: number | null,
  thresholds: SensorReading['thresholds'],
  { states, health }: SensorStates,
): SensorReading {
  const { record, number, name, entity } = sensor;
  const analog = analogRecord(sensor);
  return {
    name,
    number,
    owner: record.key.owner,
    lun: record.key.lun,
    type: sensorTypeName(record.sensorType),
    entity,
    kind: record.eventReadingType === EventReadingType.threshold ? 'threshold' : 'discrete',
    value,
    unit: analog ? formatUnits(analog.units) : null,
    states,
    health,
    thresholds,
    unavailable: null,
  };
}

function unavailable(sensor: KnownSensor, why: string): SensorReading {
  const thresholds =
    sensor.record.eventReadingType === EventReadingType.threshold ? (sensor.thresholds?.values ?? noThresholds) : null;
  return { ...reported(sensor, null, thresholds, { states: [], health: 'unknown' }), unavailable: why };
}
