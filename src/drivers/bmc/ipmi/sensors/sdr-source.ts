import type { IpmiCommand, NoData } from '../../../../protocols/ipmi/command.ts';
import {
  type GetDeviceIdResponse,
  getDeviceId,
} from '../../../../protocols/ipmi/commands/application/get-device-id.ts';
import { getDeviceSdr } from '../../../../protocols/ipmi/commands/sensor/get-device-sdr.ts';
import { getDeviceSdrInfo } from '../../../../protocols/ipmi/commands/sensor/get-device-sdr-info.ts';
import { reserveDeviceSdrRepository } from '../../../../protocols/ipmi/commands/sensor/reserve-device-sdr-repository.ts';
import {
  type GetSdrRequest,
  type GetSdrResponse,
  getSdr,
} from '../../../../protocols/ipmi/commands/storage/get-sdr.ts';
import { getSdrRepositoryInfo } from '../../../../protocols/ipmi/commands/storage/get-sdr-repository-info.ts';
import {
  type ReserveSdrRepositoryResponse,
  reserveSdrRepository,
} from '../../../../protocols/ipmi/commands/storage/reserve-sdr-repository.ts';
import type { IpmiRequester } from '../requester.ts';
import { askPatiently } from './ask-patiently.ts';

/** Where a controller keeps sensor data records, and the commands that read them there. */
export type SdrSource = {
  readonly get: IpmiCommand<GetSdrRequest, GetSdrResponse>;
  readonly reserve: IpmiCommand<NoData, ReserveSdrRepositoryResponse>;
};

/** What a controller has before a record is read. */
export type SdrSurvey = {
  readonly source: SdrSource;
  /** Another text once records may have changed; undefined where the controller gives no sign of that. */
  readonly fingerprint: string | undefined;
  /** Number of records, as told: a hint. */
  readonly recordCount: number | undefined;
};

const repository: SdrSource = { get: getSdr, reserve: reserveSdrRepository };
const deviceRecords: SdrSource = { get: getDeviceSdr, reserve: reserveDeviceSdrRepository };

/** Bit of `additionalDeviceSupport`: has a repository. @see IPMI v2.0 rev. 1.1 §20.1 */
const SDR_REPOSITORY_DEVICE = 0x02;

/**
 * Looks where the records are: in the repository, or with the controller's own sensors where there is no repository or
 * nothing in it. Never the way of others to fill an empty repository: reading changes nothing.
 * @throws UnreachableError
 * @see IPMI v2.0 rev. 1.1 §33, §35.1
 */
export async function surveySdrs(requester: IpmiRequester, signal: AbortSignal): Promise<SdrSurvey> {
  const reply = await askPatiently(requester, getDeviceId, undefined, signal);
  // Without it there is still the usual place to look.
  const device = reply.kind === 'answered' ? reply.response : undefined;
  const hasRepository = device === undefined || (device.additionalDeviceSupport & SDR_REPOSITORY_DEVICE) !== 0;
  if (device?.providesDeviceSdrs && !hasRepository) return surveyDevice(requester, device, signal);
  const info = await askPatiently(requester, getSdrRepositoryInfo, undefined, signal);
  if (info.kind !== 'answered') {
    // Artesyn ATCA-7367 has no Get SDR Repository Info (C1h), and records all the same (FreeIPMI's list of defects).
    if (device?.providesDeviceSdrs) return surveyDevice(requester, device, signal);
    return { source: repository, fingerprint: undefined, recordCount: undefined };
  }
  const { recordCount, mostRecentAddition, mostRecentErase } = info.response;
  if (recordCount === 0 && device?.providesDeviceSdrs) return surveyDevice(requester, device, signal);
  return {
    source: repository,
    fingerprint: `repository ${identityOf(device)} ${recordCount} ${mostRecentAddition} ${mostRecentErase}`,
    recordCount,
  };
}

/** A static population has no sign of change, and needs none: it changes with the firmware. */
async function surveyDevice(
  requester: IpmiRequester,
  device: GetDeviceIdResponse,
  signal: AbortSignal,
): Promise<SdrSurvey> {
  const info = await askPatiently(requester, getDeviceSdrInfo, { count: 'records' }, signal);
  if (info.kind !== 'answered') return { source: deviceRecords, fingerprint: undefined, recordCount: undefined };
  const { count, dynamic, populationChange } = info.response;
  const told = !dynamic || populationChange !== undefined;
  return {
    source: deviceRecords,
    fingerprint: told ? `device ${identityOf(device)} ${count} ${populationChange ?? 'static'}` : undefined,
    recordCount: count,
  };
}

/** An update of the firmware may number the sensors anew and leave the repository's times alone. */
function identityOf(device: GetDeviceIdResponse | undefined): string {
  if (device === undefined) return 'unknown';
  const { manufacturerId, productId, firmwareMajor, firmwareMinor, auxiliaryFirmwareRevision } = device;
  const auxiliary = auxiliaryFirmwareRevision?.toString('hex') ?? '';
  return `${manufacturerId}/${productId}/${firmwareMajor}.${firmwareMinor}.${auxiliary}`;
}
