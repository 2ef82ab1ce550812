import {
  ChannelAccessCopy,
  ChannelAccessMode,
  getChannelAccess,
} from '../../../../protocols/ipmi/commands/application/get-channel-access.ts';
import { PRESENT_CHANNEL } from '../../../../protocols/ipmi/commands/application/get-channel-authentication-capabilities.ts';
import {
  describeChannelMedium,
  describeChannelProtocol,
  type GetChannelInfoResponse,
  getChannelInfo,
  SessionSupport,
} from '../../../../protocols/ipmi/commands/application/get-channel-info.ts';
import { ifThere } from '../if-there.ts';
import type { IpmiRequester } from '../requester.ts';

/** All numbers that a channel can have. @see IPMI v2.0 rev. 1.1 §6.3, Table 6-1 */
const CHANNELS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15];

export type ChannelAccessReport = {
  readonly mode: 'disabled' | 'pre-boot' | 'always' | 'shared' | 'unknown';
  /** The most that any session can have, see PrivilegeLevel. */
  readonly privilegeLimit: number;
  readonly alerting: boolean;
  readonly perMessageAuthentication: boolean;
  readonly userLevelAuthentication: boolean;
};

export type ChannelReport = {
  readonly channel: number;
  /** The channel of this session. */
  readonly present: boolean;
  /** "802.3 LAN". */
  readonly medium: string;
  /** "IPMB-1.0". */
  readonly protocol: string;
  readonly sessions: 'none' | 'single' | 'multiple' | 'session-based';
  readonly activeSessions: number;
  /** As it is now. Null where there are no sessions, or the controller does not tell. */
  readonly access: ChannelAccessReport | null;
  /** As it will be after the controller's next start. */
  readonly storedAccess: ChannelAccessReport | null;
};

const sessionSupports = ['none', 'single', 'multiple', 'session-based'] as const;

const modes: Readonly<Record<number, ChannelAccessReport['mode']>> = {
  [ChannelAccessMode.disabled]: 'disabled',
  [ChannelAccessMode.preBootOnly]: 'pre-boot',
  [ChannelAccessMode.always]: 'always',
  [ChannelAccessMode.shared]: 'shared',
};

/** Every channel that the controller tells of, by number. @see IPMI v2.0 rev. 1.1 §22.23, §22.24 */
export async function readChannels(requester: IpmiRequester, signal: AbortSignal): Promise<readonly ChannelReport[]> {
  const present = await ifThere(requester, getChannelInfo, { channel: PRESENT_CHANNEL }, signal);
  const reports: ChannelReport[] = [];
  for (const channel of CHANNELS) {
    const info = await ifThere(requester, getChannelInfo, { channel }, signal);
    // Some controllers answer for a number that they do not have with all zeros: a medium that is reserved.
    if (info === null || info.medium === 0) continue;
    reports.push(await channelReport(requester, channel, info, present?.channel === channel, signal));
  }
  return reports;
}

async function channelReport(
  requester: IpmiRequester,
  channel: number,
  info: GetChannelInfoResponse,
  present: boolean,
  signal: AbortSignal,
): Promise<ChannelReport> {
  const sessionless = info.sessionSupport === SessionSupport.sessionless;
  const access = (copy: number): Promise<ChannelAccessReport | null> =>
    sessionless ? Promise.resolve(null) : readAccess(requester, channel, copy, signal);
  return {
    channel,
    present,
    medium: describeChannelMedium(info.medium),
    protocol: describeChannelProtocol(info.protocol),
    sessions: sessionSupports[info.sessionSupport] ?? 'none',
    activeSessions: info.activeSessions,
    access: await access(ChannelAccessCopy.present),
    storedAccess: await access(ChannelAccessCopy.nonVolatile),
  };
}

async function readAccess(
  requester: IpmiRequester,
  channel: number,
  copy: number,
  signal: AbortSignal,
): Promise<ChannelAccessReport | null> {
  const access = await ifThere(requester, getChannelAccess, { channel, copy }, signal);
  if (access === null) return null;
  return {
    mode: modes[access.accessMode] ?? 'unknown',
    privilegeLimit: access.privilegeLevelLimit,
    alerting: !access.alertingDisabled,
    perMessageAuthentication: !access.perMessageAuthenticationDisabled,
    userLevelAuthentication: !access.userLevelAuthenticationDisabled,
  };
}
