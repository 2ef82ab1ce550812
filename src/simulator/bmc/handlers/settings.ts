import {
  ChannelAccessCode,
  ChannelAccessMode,
  getChannelAccess,
} from '../../../protocols/ipmi/commands/application/get-channel-access.ts';
import { PRESENT_CHANNEL } from '../../../protocols/ipmi/commands/application/get-channel-authentication-capabilities.ts';
import {
  ChannelMedium,
  ChannelProtocol,
  getChannelInfo,
  IPMI_FORUM_IANA,
  SessionSupport,
} from '../../../protocols/ipmi/commands/application/get-channel-info.ts';
import {
  type GetSessionInfoRequest,
  type GetSessionInfoResponse,
  getSessionInfo,
} from '../../../protocols/ipmi/commands/application/get-session-info.ts';
import {
  type GetUserAccessResponse,
  getUserAccess,
  NO_ACCESS,
  UserEnableStatus,
} from '../../../protocols/ipmi/commands/application/get-user-access.ts';
import { getUserName } from '../../../protocols/ipmi/commands/application/get-user-name.ts';
import { getLanConfigurationParameters } from '../../../protocols/ipmi/commands/transport/get-lan-configuration-parameters.ts';
import { CompletionCode } from '../../../protocols/ipmi/completion-code.ts';
import { PrivilegeLevel } from '../../../protocols/ipmi/privilege-level.ts';
import { type CommandContext, type Handler, handler } from '../command-handler.ts';
import { ipv4Bytes, type LanLogins, lanParameterData } from '../lan-settings.ts';
import type { ActiveSession } from '../sessions.ts';
import type { SimulatedUser } from '../users.ts';
import { LAN_CHANNEL } from './session.ts';

/** The channels that there are, with medium, protocol and session support. */
const channels: ReadonlyMap<number, readonly [number, number, number]> = new Map([
  [0x0, [ChannelMedium.ipmb, ChannelProtocol.ipmb, SessionSupport.sessionless]],
  [LAN_CHANNEL, [ChannelMedium.lan, ChannelProtocol.ipmb, SessionSupport.multiple]],
  [0xf, [ChannelMedium.systemInterface, ChannelProtocol.kcs, SessionSupport.sessionless]],
]);

/** User 1 is the null user; the configured ones follow. @see IPMI v2.0 rev. 1.1 §6.9 */
const FIRST_USER_ID = 2;
const USER_IDS = 16;
const MOST_USER_IDS = 63;

/** Bit mask of the v1.5 authentication types. @see §22.13 */
const MD5_AUTHENTICATION = 0x04;

/** Revision 1.1 of the parameters, compatible with 1.1. @see §23.2 */
const LAN_PARAMETER_REVISION = 0x11;

/** Users, channels, LAN settings and sessions, to be read. @see IPMI v2.0 rev. 1.1 §22.20 to §22.29, §23.2 */
export const settingsHandlers: readonly Handler[] = [
  handler(getChannelInfo, (request, { sessions }) => {
    const channel = realChannel(request.channel);
    const kind = channels.get(channel);
    if (kind === undefined) return { refusal: CompletionCode.invalidDataField };
    const [medium, protocol, sessionSupport] = kind;
    const activeSessions = channel === LAN_CHANNEL ? sessions.active().length : 0;
    const protocolVendorId = IPMI_FORUM_IANA;
    return { response: { channel, medium, protocol, sessionSupport, activeSessions, protocolVendorId, auxiliary: 0 } };
  }),

  handler(getChannelAccess, (request) => {
    const kind = channels.get(realChannel(request.channel));
    if (kind === undefined) return { refusal: CompletionCode.invalidDataField };
    if (kind[2] === SessionSupport.sessionless) return { refusal: ChannelAccessCode.sessionlessChannel };
    return {
      response: {
        alertingDisabled: true,
        perMessageAuthenticationDisabled: false,
        userLevelAuthenticationDisabled: false,
        accessMode: ChannelAccessMode.always,
        privilegeLevelLimit: PrivilegeLevel.administrator,
      },
    };
  }),

  handler(getUserAccess, ({ channel, userId }, context) => {
    if (realChannel(channel) !== LAN_CHANNEL) return { refusal: CompletionCode.invalidDataField };
    if (userId < 1 || userId > userIds(context)) return { refusal: CompletionCode.parameterOutOfRange };
    return { response: userAccess(userId, context) };
  }),

  handler(getUserName, ({ userId }, context) => {
    if (userId < 1 || userId > userIds(context)) return { refusal: CompletionCode.parameterOutOfRange };
    return { response: { userName: context.users[userId - FIRST_USER_ID]?.name ?? '' } };
  }),

  handler(getSessionInfo, (request, context, session) => ({
    response: sessionInfo(findSession(request, context.sessions.active(), session), context),
  })),

  handler(getLanConfigurationParameters, (request, context) => {
    if (realChannel(request.channel) !== LAN_CHANNEL) return { refusal: CompletionCode.invalidDataField };
    const revision = LAN_PARAMETER_REVISION;
    if (request.revisionOnly) return { response: { revision, data: Buffer.alloc(0) } };
    const data = lanParameterData(context.settings.lan, logins(context), request.parameter, request.setSelector);
    return typeof data === 'number' ? { refusal: data } : { response: { revision, data } };
  }),
];

function logins({ cipherSuites, suitePrivileges, ipmi15 }: CommandContext): LanLogins {
  return { cipherSuites, suitePrivileges, authenticationTypes: ipmi15 === 'off' ? 0 : MD5_AUTHENTICATION };
}

function realChannel(channel: number): number {
  return channel === PRESENT_CHANNEL ? LAN_CHANNEL : channel;
}

function userIds({ users }: CommandContext): number {
  return Math.min(Math.max(USER_IDS, users.length + 1), MOST_USER_IDS);
}

function userAccess(userId: number, context: CommandContext): GetUserAccessResponse {
  const user = context.users[userId - FIRST_USER_ID];
  const enabled = user !== undefined && user.enabled !== false;
  const mayUseLan = user !== undefined && user.lanAccess !== false;
  return {
    maximumUserIds: userIds(context),
    enableStatus: enabled ? UserEnableStatus.enabled : UserEnableStatus.disabled,
    enabledUserIds: context.users.filter((each) => each.enabled !== false).length,
    fixedNameUserIds: 1,
    callbackOnly: false,
    linkAuthentication: mayUseLan,
    ipmiMessaging: mayUseLan,
    privilegeLevelLimit: user?.privilege ?? NO_ACCESS,
  };
}

/** A changed user is another object, and keeps its name. */
function userIdOf(user: SimulatedUser, { users }: CommandContext): number {
  const at = users.indexOf(user);
  return (at === -1 ? users.findIndex(({ name }) => name === user.name) : at) + FIRST_USER_ID;
}

function findSession(
  request: GetSessionInfoRequest,
  active: readonly ActiveSession[],
  own: ActiveSession | undefined,
): ActiveSession | undefined {
  switch (request.by) {
    case 'this-session':
      return own;
    case 'index':
      return active[request.index - 1];
    case 'handle':
      return active.find((session) => handleOf(session) === request.handle);
    case 'id':
      return active.find((session) => session.id === request.id);
  }
}

/** One byte, never 0; two of the few sessions there can be may share one, as ids are random. */
function handleOf(session: ActiveSession): number {
  return (session.id % 255) + 1;
}

function sessionInfo(session: ActiveSession | undefined, context: CommandContext): GetSessionInfoResponse {
  const active = context.sessions.active().length;
  const possible = Math.min(context.sessions.limits.maximumSessions, MOST_USER_IDS);
  const counts = { possibleSessions: possible, activeSessions: Math.min(active, possible) };
  if (session === undefined) return { sessionHandle: 0, ...counts };
  return {
    sessionHandle: handleOf(session),
    ...counts,
    session: {
      userId: userIdOf(session.user, context),
      privilegeLevel: session.privilege,
      protocolAuxiliary: session.format === 'v2.0' ? 1 : 0,
      channel: LAN_CHANNEL,
      // A UDP socket does not show the other end's MAC address.
      remoteConsole: {
        ipAddress: ipv4Bytes(session.peer.address),
        macAddress: Buffer.alloc(6),
        port: session.peer.port,
      },
    },
  };
}
