import { coldReset } from '../protocols/ipmi/commands/application/cold-reset.ts';
import { getChannelAccess } from '../protocols/ipmi/commands/application/get-channel-access.ts';
import { getChannelAuthenticationCapabilities } from '../protocols/ipmi/commands/application/get-channel-authentication-capabilities.ts';
import { getChannelCipherSuites } from '../protocols/ipmi/commands/application/get-channel-cipher-suites.ts';
import { getChannelInfo } from '../protocols/ipmi/commands/application/get-channel-info.ts';
import { getChannelPayloadSupport } from '../protocols/ipmi/commands/application/get-channel-payload-support.ts';
import { getDeviceGuid } from '../protocols/ipmi/commands/application/get-device-guid.ts';
import { getDeviceId } from '../protocols/ipmi/commands/application/get-device-id.ts';
import { getPayloadActivationStatus } from '../protocols/ipmi/commands/application/get-payload-activation-status.ts';
import { getPayloadInstanceInfo } from '../protocols/ipmi/commands/application/get-payload-instance-info.ts';
import { getSelfTestResults } from '../protocols/ipmi/commands/application/get-self-test-results.ts';
import { getSessionInfo } from '../protocols/ipmi/commands/application/get-session-info.ts';
import { getSystemGuid } from '../protocols/ipmi/commands/application/get-system-guid.ts';
import { getUserAccess } from '../protocols/ipmi/commands/application/get-user-access.ts';
import { getUserName } from '../protocols/ipmi/commands/application/get-user-name.ts';
import { getUserPayloadAccess } from '../protocols/ipmi/commands/application/get-user-payload-access.ts';
import { getWatchdogTimer } from '../protocols/ipmi/commands/application/get-watchdog-timer.ts';
import { warmReset } from '../protocols/ipmi/commands/application/warm-reset.ts';
import { chassisControl } from '../protocols/ipmi/commands/chassis/chassis-control.ts';
import { chassisIdentify } from '../protocols/ipmi/commands/chassis/chassis-identify.ts';
import { getChassisCapabilities } from '../protocols/ipmi/commands/chassis/get-chassis-capabilities.ts';
import { getChassisStatus } from '../protocols/ipmi/commands/chassis/get-chassis-status.ts';
import { getPohCounter } from '../protocols/ipmi/commands/chassis/get-poh-counter.ts';
import { getSystemBootOptions } from '../protocols/ipmi/commands/chassis/get-system-boot-options.ts';
import { getSystemRestartCause } from '../protocols/ipmi/commands/chassis/get-system-restart-cause.ts';
import { setPowerRestorePolicy } from '../protocols/ipmi/commands/chassis/set-power-restore-policy.ts';
import { setSystemBootOptions } from '../protocols/ipmi/commands/chassis/set-system-boot-options.ts';
import { getDcmiCapabilitiesInfo } from '../protocols/ipmi/commands/dcmi/get-dcmi-capabilities-info.ts';
import { getPowerReading } from '../protocols/ipmi/commands/dcmi/get-power-reading.ts';
import { getDeviceSdr } from '../protocols/ipmi/commands/sensor/get-device-sdr.ts';
import { getDeviceSdrInfo } from '../protocols/ipmi/commands/sensor/get-device-sdr-info.ts';
import { getSensorReading } from '../protocols/ipmi/commands/sensor/get-sensor-reading.ts';
import { getSensorReadingFactors } from '../protocols/ipmi/commands/sensor/get-sensor-reading-factors.ts';
import { getSensorThresholds } from '../protocols/ipmi/commands/sensor/get-sensor-thresholds.ts';
import { reserveDeviceSdrRepository } from '../protocols/ipmi/commands/sensor/reserve-device-sdr-repository.ts';
import { addSelEntry } from '../protocols/ipmi/commands/storage/add-sel-entry.ts';
import { clearSel, getSelErasureStatus } from '../protocols/ipmi/commands/storage/clear-sel.ts';
import { getFruInventoryAreaInfo } from '../protocols/ipmi/commands/storage/get-fru-inventory-area-info.ts';
import { getSdr } from '../protocols/ipmi/commands/storage/get-sdr.ts';
import { getSdrRepositoryInfo } from '../protocols/ipmi/commands/storage/get-sdr-repository-info.ts';
import { getSelAllocationInfo } from '../protocols/ipmi/commands/storage/get-sel-allocation-info.ts';
import { getSelEntry } from '../protocols/ipmi/commands/storage/get-sel-entry.ts';
import { getSelInfo } from '../protocols/ipmi/commands/storage/get-sel-info.ts';
import { getSelTime } from '../protocols/ipmi/commands/storage/get-sel-time.ts';
import { readFruData } from '../protocols/ipmi/commands/storage/read-fru-data.ts';
import { reserveSdrRepository } from '../protocols/ipmi/commands/storage/reserve-sdr-repository.ts';
import { reserveSel } from '../protocols/ipmi/commands/storage/reserve-sel.ts';
import { setSelTime } from '../protocols/ipmi/commands/storage/set-sel-time.ts';
import { getLanConfigurationParameters } from '../protocols/ipmi/commands/transport/get-lan-configuration-parameters.ts';
import { getSolConfigurationParameters } from '../protocols/ipmi/commands/transport/get-sol-configuration-parameters.ts';

/**
 * Every command that this client has codecs for, by its name in the specification: for `client.request` and `attempt`.
 * Commands that rule the session itself are left out: sent in a session they would break it for all who share it.
 * @see IPMI v2.0 rev. 1.1 Appendix G; DCMI v1.5 rev. 1.0 §6
 */
export const commands = {
  coldReset,
  getChannelAccess,
  getChannelAuthenticationCapabilities,
  getChannelCipherSuites,
  getChannelInfo,
  getChannelPayloadSupport,
  getDeviceGuid,
  getDeviceId,
  getPayloadActivationStatus,
  getPayloadInstanceInfo,
  getSelfTestResults,
  getSessionInfo,
  getSystemGuid,
  getUserAccess,
  getUserName,
  getUserPayloadAccess,
  getWatchdogTimer,
  warmReset,
  chassisControl,
  chassisIdentify,
  getChassisCapabilities,
  getChassisStatus,
  getPohCounter,
  getSystemBootOptions,
  getSystemRestartCause,
  setPowerRestorePolicy,
  setSystemBootOptions,
  getDeviceSdrInfo,
  getDeviceSdr,
  getSensorReadingFactors,
  getSensorReading,
  getSensorThresholds,
  reserveDeviceSdrRepository,
  addSelEntry,
  clearSel,
  getSelErasureStatus,
  getFruInventoryAreaInfo,
  getSdrRepositoryInfo,
  getSdr,
  getSelAllocationInfo,
  getSelEntry,
  getSelInfo,
  getSelTime,
  readFruData,
  reserveSdrRepository,
  reserveSel,
  setSelTime,
  getLanConfigurationParameters,
  getSolConfigurationParameters,
  getDcmiCapabilitiesInfo,
  getPowerReading,
} as const;
