import { PRESENT_CHANNEL } from '../../../../protocols/ipmi/commands/application/get-channel-authentication-capabilities.ts';
import {
  type GetUserAccessResponse,
  getUserAccess,
  NO_ACCESS,
  UserEnableStatus,
} from '../../../../protocols/ipmi/commands/application/get-user-access.ts';
import { getUserName } from '../../../../protocols/ipmi/commands/application/get-user-name.ts';
import { ifThere } from '../if-there.ts';
import type { IpmiRequester } from '../requester.ts';

/** One user id of a controller, as it stands on one channel. */
export type UserReport = {
  /** 1 to 63; 1 is the null user, whose name is fixed and empty. */
  readonly id: number;
  /** Empty: an unused id, or the null user. Null: the controller does not tell. */
  readonly name: string | null;
  /** Null where the controller leaves it unspecified. */
  readonly enabled: boolean | null;
  /** May log in to IPMI on this channel. */
  readonly ipmiMessaging: boolean;
  readonly linkAuthentication: boolean;
  readonly callbackOnly: boolean;
  /** The most that this user can have, see PrivilegeLevel; null: no access to this channel. */
  readonly privilegeLimit: number | null;
};

export type UsersReport = {
  /** Ids that the controller has room for. */
  readonly maximumUsers: number;
  readonly enabledUsers: number;
  /** Ids whose names cannot be changed. */
  readonly fixedNames: number;
  /** By id; one that the controller does not tell of is left out. */
  readonly users: readonly UserReport[];
};

/**
 * All users of a controller. Passwords cannot be read over IPMI.
 * @param channel 0 to 15; default: the one of this session
 * @throws CompletionCodeError when not even user 1 can be asked for; UnreachableError
 * @see IPMI v2.0 rev. 1.1 §22.27, §22.29
 */
export async function readUsers(
  requester: IpmiRequester,
  signal: AbortSignal,
  channel: number = PRESENT_CHANNEL,
): Promise<UsersReport> {
  const first = await requester.ask(getUserAccess, { channel, userId: 1 }, signal);
  const users = [await userReport(requester, 1, first, signal)];
  // The count has 6 bits, so that this ends on any answer.
  for (let userId = 2; userId <= first.maximumUserIds; userId++) {
    const access = await ifThere(requester, getUserAccess, { channel, userId }, signal);
    if (access !== null) users.push(await userReport(requester, userId, access, signal));
  }
  return {
    maximumUsers: first.maximumUserIds,
    enabledUsers: first.enabledUserIds,
    fixedNames: first.fixedNameUserIds,
    users,
  };
}

async function userReport(
  requester: IpmiRequester,
  userId: number,
  access: GetUserAccessResponse,
  signal: AbortSignal,
): Promise<UserReport> {
  const name = await ifThere(requester, getUserName, { userId }, signal);
  return {
    id: userId,
    name: name?.userName ?? null,
    enabled: enabledOf(access.enableStatus),
    ipmiMessaging: access.ipmiMessaging,
    linkAuthentication: access.linkAuthentication,
    callbackOnly: access.callbackOnly,
    privilegeLimit: access.privilegeLevelLimit === NO_ACCESS ? null : access.privilegeLevelLimit,
  };
}

function enabledOf(status: number): boolean | null {
  if (status === UserEnableStatus.enabled) return true;
  return status === UserEnableStatus.disabled ? false : null;
}
