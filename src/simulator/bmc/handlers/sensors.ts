import { getDeviceSdr } from '../../../protocols/ipmi/commands/sensor/get-device-sdr.ts';
import { getDeviceSdrInfo } from '../../../protocols/ipmi/commands/sensor/get-device-sdr-info.ts';
import { getSensorReading } from '../../../protocols/ipmi/commands/sensor/get-sensor-reading.ts';
import { getSensorReadingFactors } from '../../../protocols/ipmi/commands/sensor/get-sensor-reading-factors.ts';
import { getSensorThresholds } from '../../../protocols/ipmi/commands/sensor/get-sensor-thresholds.ts';
import { reserveDeviceSdrRepository } from '../../../protocols/ipmi/commands/sensor/reserve-device-sdr-repository.ts';
import {
  ENTIRE_RECORD,
  type GetSdrRequest,
  type GetSdrResponse,
  getSdr,
  SdrRecordId,
} from '../../../protocols/ipmi/commands/storage/get-sdr.ts';
import { getSdrRepositoryInfo } from '../../../protocols/ipmi/commands/storage/get-sdr-repository-info.ts';
import { reserveSdrRepository } from '../../../protocols/ipmi/commands/storage/reserve-sdr-repository.ts';
import { CompletionCode } from '../../../protocols/ipmi/completion-code.ts';
import { SDR_VERSION } from '../../../protocols/ipmi/sdr/sdr-record.ts';
import { type CommandContext, type Handler, handler, type Outcome } from '../command-handler.ts';
import type { SensorBank } from '../sensors/sensor-bank.ts';

/** 1 January 2024: when the records came in. */
const ADDED_AT_SECONDS = 1_704_067_200;
/** Reservations, and updates at any time. @see IPMI v2.0 rev. 1.1 §33.9 byte 15 */
const OPERATION_SUPPORT = 0x22;
/** Of Get Device ID: has a repository. @see §20.1 */
const SDR_REPOSITORY_DEVICE = 0x02;

/**
 * Sensor data records and readings. The records are in the repository, or with the device where the controller says
 * that it has them there.
 * @see IPMI v2.0 rev. 1.1 §33, §35
 */
export const sensorHandlers: readonly Handler[] = [
  handler(getSdrRepositoryInfo, (_request, context) =>
    inRepository(context, ({ records }) => ({
      response: {
        sdrVersion: SDR_VERSION,
        recordCount: records().size,
        freeSpace: 0,
        mostRecentAddition: ADDED_AT_SECONDS,
        mostRecentErase: 0,
        operationSupport: OPERATION_SUPPORT,
      },
    })),
  ),
  handler(reserveSdrRepository, (_request, context) =>
    inRepository(context, ({ reserve }) => ({ response: { reservationId: reserve() } })),
  ),
  handler(getSdr, (request, context) => inRepository(context, (bank) => readRecord(request, bank))),

  handler(getDeviceSdrInfo, ({ count }, context, _session, lun) =>
    inDevice(context, ({ records, luns, names, reading }) => ({
      response: {
        count: count === 'records' ? records().size : sensorsOf(lun, names().length, reading),
        dynamic: false,
        lunsWithSensors: luns(),
      },
    })),
  ),
  handler(reserveDeviceSdrRepository, (_request, context) =>
    inDevice(context, ({ reserve }) => ({ response: { reservationId: reserve() } })),
  ),
  handler(getDeviceSdr, (request, context) => inDevice(context, (bank) => readRecord(request, bank))),

  handler(getSensorReading, ({ sensorNumber }, { sensors }, _session, lun) =>
    orNotPresent(sensors.reading(lun, sensorNumber)),
  ),
  handler(getSensorThresholds, ({ sensorNumber }, { sensors }, _session, lun) =>
    orNotPresent(sensors.thresholds(lun, sensorNumber)),
  ),
  handler(getSensorReadingFactors, ({ sensorNumber, reading }, { sensors }, _session, lun) =>
    orNotPresent(sensors.factors(lun, sensorNumber, reading)),
  ),
];

function inRepository<Response>(
  { device, sensors }: CommandContext,
  answer: (bank: SensorBank) => Outcome<Response>,
): Outcome<Response> {
  const there = (device.additionalDeviceSupport & SDR_REPOSITORY_DEVICE) !== 0;
  return there ? answer(sensors) : { refusal: CompletionCode.invalidCommand };
}

function inDevice<Response>(
  { device, sensors }: CommandContext,
  answer: (bank: SensorBank) => Outcome<Response>,
): Outcome<Response> {
  return device.providesDeviceSdrs ? answer(sensors) : { refusal: CompletionCode.invalidCommand };
}

/** A reservation is needed for all but the beginning of a record, and one that is given must be the last. @see §33.12 */
function readRecord(request: GetSdrRequest, bank: SensorBank): Outcome<GetSdrResponse> {
  const { reservationId, recordId, offset, bytesToRead } = request;
  if ((offset !== 0 || reservationId !== 0) && !bank.isReserved(reservationId)) {
    return { refusal: CompletionCode.reservationInvalid };
  }
  const records = bank.records();
  const record = records.get(resolve(recordId, records));
  if (record === undefined) return { refusal: CompletionCode.notPresent };
  const { bytes, next } = record;
  if (offset > bytes.length) return { refusal: CompletionCode.parameterOutOfRange };
  const length = Math.min(bytesToRead === ENTIRE_RECORD ? bytes.length : bytesToRead, bytes.length - offset);
  if (length > bank.maximumChunk) return { refusal: CompletionCode.cannotReturnRequestedBytes };
  return { response: { nextRecordId: next, data: bytes.subarray(offset, offset + length) } };
}

function resolve(recordId: number, records: ReadonlyMap<number, unknown>): number {
  if (recordId === SdrRecordId.first) return records.keys().next().value ?? SdrRecordId.last;
  return recordId === SdrRecordId.last ? ([...records.keys()].at(-1) ?? SdrRecordId.last) : recordId;
}

/** @param total sensors on all LUNs, which numbers are looked through for */
function sensorsOf(lun: number, total: number, reading: SensorBank['reading']): number {
  let found = 0;
  for (let number = 0; number < 0xff && found < total; number++) if (reading(lun, number) !== undefined) found++;
  return found;
}

/** CBh where there is no such sensor, CDh where the sensor has no such thing. @see IPMI v2.0 rev. 1.1 §5.2 */
function orNotPresent<Response extends object>(response: Response | 'none' | undefined): Outcome<Response> {
  if (response === undefined) return { refusal: CompletionCode.notPresent };
  return response === 'none' ? { refusal: CompletionCode.illegalForSensorOrRecord } : { response };
}
