import type { IpmiCommand, NoData } from '../../../../protocols/ipmi/command.ts';
import { getDeviceGuid } from '../../../../protocols/ipmi/commands/application/get-device-guid.ts';
import { getSystemGuid } from '../../../../protocols/ipmi/commands/application/get-system-guid.ts';
import { type GuidReading, type GuidResponse, readGuid } from '../../../../protocols/ipmi/commands/application/guid.ts';
import { ifThere } from '../if-there.ts';
import type { IpmiRequester } from '../requester.ts';

/** A GUID with its UUID text; compare a machine's DMI UUID with `uuid`, and with `raw` in other orders where it is unsure. */
export type GuidReport = GuidReading & {
  /** 16 bytes as they came, hexadecimal. */
  readonly raw: string;
  /** All bytes are the same: the controller was never given one. */
  readonly blank: boolean;
};

export type GuidsReport = {
  /** Of the machine. */
  readonly system: GuidReport | null;
  /** Of the controller. */
  readonly device: GuidReport | null;
};

/** Both GUIDs; null for what the controller does not tell. @see IPMI v2.0 rev. 1.1 §20.8, §22.14 */
export async function readGuids(requester: IpmiRequester, signal: AbortSignal): Promise<GuidsReport> {
  const system = await readOne(requester, getSystemGuid, signal);
  return { system, device: await readOne(requester, getDeviceGuid, signal) };
}

async function readOne(
  requester: IpmiRequester,
  command: IpmiCommand<NoData, GuidResponse>,
  signal: AbortSignal,
): Promise<GuidReport | null> {
  const response = await ifThere(requester, command, undefined, signal);
  if (response === null) return null;
  const { guid } = response;
  return { ...readGuid(guid), raw: guid.toString('hex'), blank: guid.every((byte) => byte === guid[0]) };
}
