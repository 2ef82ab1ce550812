import { PrivilegeLevel } from '../../protocols/ipmi/privilege-level.ts';
import { NAME_ONLY_LOOKUP, type RakpMessage1 } from '../../protocols/ipmi/rakp/rakp-message-1.ts';
import { RakpStatus } from '../../protocols/ipmi/rakp/status.ts';

export type SimulatedUser = {
  /** At most 16 bytes; empty for the null user, of whom there may be one a level. */
  readonly name: string;
  /** At most 20 bytes; with more than 16 the user cannot log in by IPMI 1.5. @see IPMI v2.0 rev. 1.1 §22.30 */
  readonly password: string;
  /** The highest level of this user on the LAN channel, see PrivilegeLevel. */
  readonly privilege: number;
  /** Default true. @see §22.30 */
  readonly enabled?: boolean;
  /** Whether the user may use IPMI over LAN. Default true. @see §22.26 */
  readonly lanAccess?: boolean;
};

/** Whether a login of this user is looked at. */
export function mayLogIn(user: SimulatedUser): boolean {
  return user.enabled !== false && user.lanAccess !== false;
}

/** The user of this name who may log in, for IPMI 1.5. @see IPMI v2.0 rev. 1.1 §22.16 */
export function userByName(users: readonly SimulatedUser[], name: Buffer): SimulatedUser | undefined {
  return users.find((user) => mayLogIn(user) && name.equals(Buffer.from(user.name)));
}

/**
 * The user that RAKP message 1 means, or the status to refuse with. With the name-only bit the first user of the name;
 * without it the first with that name and exactly that privilege limit, which is how a null name picks a role.
 * @see IPMI v2.0 rev. 1.1 §13.20, Table 13-11, §13.24
 */
export function findUser(users: readonly SimulatedUser[], message: RakpMessage1): SimulatedUser | number {
  const level = message.role & 0x0f;
  if (level > PrivilegeLevel.oem) return RakpStatus.invalidRole;
  const named = users.filter((user) => mayLogIn(user) && message.userName.equals(Buffer.from(user.name)));
  const byNameOnly = (message.role & NAME_ONLY_LOOKUP) !== 0;
  const user = byNameOnly ? named[0] : named.find((each) => level === 0 || each.privilege === level);
  if (user === undefined) return named.length > 0 ? RakpStatus.unauthorizedRole : RakpStatus.unauthorizedName;
  return level > user.privilege ? RakpStatus.unauthorizedRole : user;
}
