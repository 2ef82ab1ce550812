import { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import {
  DcmiCapabilitiesParameter,
  encodeSupportedCapabilities,
  getDcmiCapabilitiesInfo,
} from '../../../protocols/ipmi/commands/dcmi/get-dcmi-capabilities-info.ts';
import { getPowerReading, PowerReadingMode } from '../../../protocols/ipmi/commands/dcmi/get-power-reading.ts';
import { CompletionCode } from '../../../protocols/ipmi/completion-code.ts';
import { type Handler, handler } from '../command-handler.ts';

/** Over which the meter averages. */
const REPORTING_PERIOD_MS = 60_000;

/** The power meter. A machine without one (`powerWatts` null) has no DCMI. @see DCMI v1.5 rev. 1.0 §6 */
export const dcmiHandlers: readonly Handler[] = [
  handler(getDcmiCapabilitiesInfo, ({ parameter }, { powerWatts }) => {
    if (powerWatts === null) return { refusal: CompletionCode.invalidCommand };
    if (parameter !== DcmiCapabilitiesParameter.supportedCapabilities) {
      return { refusal: CompletionCode.parameterOutOfRange };
    }
    const writer = new ByteWriter(3);
    encodeSupportedCapabilities({ powerManagement: true, manageabilityAccess: 0 }, writer);
    return { response: { majorVersion: 1, minorVersion: 5, parameterRevision: 2, parameterData: writer.done() } };
  }),

  handler(getPowerReading, ({ mode }, { chassis, powerWatts, clock }) => {
    if (powerWatts === null) return { refusal: CompletionCode.invalidCommand };
    if (mode !== PowerReadingMode.systemPowerStatistics) return { refusal: CompletionCode.invalidDataField };
    const current = chassis.poweredOn() ? powerWatts : 0;
    return {
      response: {
        current,
        minimum: 0,
        maximum: powerWatts,
        average: current,
        timestamp: Math.floor(clock.now() / 1_000),
        reportingPeriod: REPORTING_PERIOD_MS,
        measurementActive: true,
      },
    };
  }),
];
