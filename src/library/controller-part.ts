import { ifThere } from '../drivers/bmc/ipmi/if-there.ts';
import type { GuidReport } from '../drivers/bmc/ipmi/settings/guid.ts';
import { readSelfTest, type SelfTestReport } from '../drivers/bmc/ipmi/settings/self-test.ts';
import { readWatchdog, type WatchdogReport } from '../drivers/bmc/ipmi/settings/watchdog.ts';
import type { IpmiCommand, NoData } from '../protocols/ipmi/command.ts';
import { getDeviceGuid } from '../protocols/ipmi/commands/application/get-device-guid.ts';
import {
  formatFirmware,
  formatIpmiVersion,
  type GetDeviceIdResponse,
  getDeviceId,
} from '../protocols/ipmi/commands/application/get-device-id.ts';
import { getSystemGuid } from '../protocols/ipmi/commands/application/get-system-guid.ts';
import { type GuidResponse, readGuid } from '../protocols/ipmi/commands/application/guid.ts';
import type { CallOptions } from './calls.ts';
import type { PartDeps } from './part.ts';

export type DeviceIdReport = GetDeviceIdResponse & {
  /** "1.07". */
  readonly firmware: string;
  /** "2.0". */
  readonly ipmi: string;
};

/** The controller itself. Null is "the controller does not tell". */
export type ControllerPart = {
  /** Who made the controller, what it is and what it runs. @see IPMI v2.0 rev. 1.1 §20.1 */
  deviceId(options?: CallOptions): Promise<DeviceIdReport>;
  /** The controller's own GUID. @see IPMI v2.0 rev. 1.1 §20.8 */
  guid(options?: CallOptions): Promise<GuidReport | null>;
  /** The machine's GUID; `uuid` is what DMI tables call the system UUID. @see IPMI v2.0 rev. 1.1 §22.14 */
  systemGuid(options?: CallOptions): Promise<GuidReport | null>;
  /** What the controller's tests found when it started. @see IPMI v2.0 rev. 1.1 §20.4 */
  selfTest(options?: CallOptions): Promise<SelfTestReport | null>;
  /** The watchdog timer, times in milliseconds; reading does not start it anew. @see IPMI v2.0 rev. 1.1 §27.7 */
  watchdog(options?: CallOptions): Promise<WatchdogReport | null>;
};

export function createControllerPart({ board: { requester }, calls }: PartDeps): ControllerPart {
  async function guidBy(command: IpmiCommand<NoData, GuidResponse>, signal: AbortSignal): Promise<GuidReport | null> {
    const response = await ifThere(requester, command, undefined, signal);
    if (response === null) return null;
    const { guid } = response;
    return { ...readGuid(guid), raw: guid.toString('hex'), blank: guid.every((byte) => byte === guid[0]) };
  }

  return {
    deviceId: (options) =>
      calls.run(options, async (signal) => {
        const device = await requester.ask(getDeviceId, undefined, signal);
        return { ...device, firmware: formatFirmware(device), ipmi: formatIpmiVersion(device) };
      }),
    guid: (options) => calls.run(options, (signal) => guidBy(getDeviceGuid, signal)),
    systemGuid: (options) => calls.run(options, (signal) => guidBy(getSystemGuid, signal)),
    selfTest: (options) => calls.run(options, (signal) => readSelfTest(requester, signal)),
    watchdog: (options) => calls.run(options, (signal) => readWatchdog(requester, signal)),
  };
}
