import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { describePrivilegeLevel, PrivilegeLevel } from '../../privilege-level.ts';

/** The level asked for (0: leave it and tell), or the level the session now has. */
export type SessionPrivilegeLevel = { readonly privilegeLevel: number };

/**
 * Reads a Set Session Privilege Level request or response, which look alike.
 *   0  bits 3:0 privilege level
 * @see IPMI v2.0 rev. 1.1 §22.18
 */
export function decodeSessionPrivilegeLevel(reader: ByteReader): SessionPrivilegeLevel {
  return { privilegeLevel: reader.u8('privilege level') & 0x0f };
}

/** Writes a Set Session Privilege Level request or response. @see IPMI v2.0 rev. 1.1 §22.18 */
export function encodeSessionPrivilegeLevel(value: SessionPrivilegeLevel, writer: ByteWriter): void {
  writer.u8(value.privilegeLevel);
}

export function describeSessionPrivilegeLevel(value: SessionPrivilegeLevel): string {
  return `session privilege ${describePrivilegeLevel(value.privilegeLevel)}`;
}

/** Own codes of Set Session Privilege Level. @see IPMI v2.0 rev. 1.1 §22.18 */
export const SetSessionPrivilegeLevelCode = {
  notAvailableToUser: 0x80,
  exceedsLimit: 0x81,
  cannotDisable: 0x82,
} as const;

/** Repeatable: it sets the session's own level, to the same value each time. */
export const setSessionPrivilegeLevel: IpmiCommand<SessionPrivilegeLevel, SessionPrivilegeLevel> = {
  name: 'Set Session Privilege Level',
  netFn: NetFn.application,
  command: 0x3b,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {
    [SetSessionPrivilegeLevelCode.notAvailableToUser]: 'requested level not available for this user',
    [SetSessionPrivilegeLevelCode.exceedsLimit]: 'requested level exceeds the user or channel privilege limit',
    [SetSessionPrivilegeLevelCode.cannotDisable]: 'cannot disable user level authentication',
  },
  encodeRequest: encodeSessionPrivilegeLevel,
  decodeRequest: decodeSessionPrivilegeLevel,
  encodeResponse: encodeSessionPrivilegeLevel,
  decodeResponse: decodeSessionPrivilegeLevel,
};
