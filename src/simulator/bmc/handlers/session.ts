import { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { type CipherSuite, cipherSuiteById } from '../../../protocols/ipmi/cipher-suites.ts';
import { CloseSessionCode, closeSession } from '../../../protocols/ipmi/commands/application/close-session.ts';
import {
  getChannelAuthenticationCapabilities,
  PRESENT_CHANNEL,
} from '../../../protocols/ipmi/commands/application/get-channel-authentication-capabilities.ts';
import {
  CIPHER_SUITE_CHUNK_BYTES,
  encodeCipherSuiteRecord,
  getChannelCipherSuites,
} from '../../../protocols/ipmi/commands/application/get-channel-cipher-suites.ts';
import {
  GetSessionChallengeCode,
  getSessionChallenge,
} from '../../../protocols/ipmi/commands/application/get-session-challenge.ts';
import {
  SetSessionPrivilegeLevelCode,
  setSessionPrivilegeLevel,
} from '../../../protocols/ipmi/commands/application/set-session-privilege-level.ts';
import { CompletionCode } from '../../../protocols/ipmi/completion-code.ts';
import { PrivilegeLevel } from '../../../protocols/ipmi/privilege-level.ts';
import { AuthenticationType } from '../../../protocols/ipmi/session-v1.ts';
import { MAXIMUM_V1_PASSWORD_BYTES } from '../../../protocols/ipmi/session-v1-authentication.ts';
import { type Handler, handler } from '../command-handler.ts';
import { mayLogIn, userByName } from '../users.ts';

/** The LAN channel of this BMC. */
export const LAN_CHANNEL = 1;

/** What is asked before a session, and what rules one. @see IPMI v2.0 rev. 1.1 §22.13 to §22.19 */
export const sessionHandlers: readonly Handler[] = [
  handler(getChannelAuthenticationCapabilities, ({ extended, channel, requestedMaximumPrivilegeLevel }, context) => {
    const { personality, ipmi15, users } = context;
    const v20 = personality.rmcpPlus === 'spoken';
    // A controller from before v2.0 takes the bit that asks for its data as part of the channel number.
    if (!isLanChannel(channel) || (extended && !v20)) return { refusal: CompletionCode.invalidDataField };
    if (!isLevel(requestedMaximumPrivilegeLevel)) return { refusal: CompletionCode.invalidDataField };
    const enabled = users.filter(mayLogIn);
    const nulls = enabled.filter(({ name }) => name === '');
    const told = (truth: boolean): boolean => truth === (personality.capabilityBits === 'right');
    return {
      response: {
        channel: LAN_CHANNEL,
        extended,
        authenticationTypes: ipmi15 === 'off' ? 0 : 1 << AuthenticationType.md5,
        kgSet: extended && told(context.kgSet),
        perMessageAuthenticationDisabled: ipmi15 === 'at-activation',
        userLevelAuthenticationDisabled: false,
        nonNullUserNames: told(enabled.length > nulls.length),
        nullUserNames: told(nulls.some(({ password }) => password !== '')),
        anonymousLogin: told(nulls.some(({ password }) => password === '')),
        supportsV15: extended && ipmi15 !== 'off',
        supportsV20: extended && v20,
        oemId: 0,
        oemAuxiliary: 0,
      },
    };
  }),

  handler(getChannelCipherSuites, ({ channel, listSuites, listIndex }, { cipherSuites, personality }) => {
    if (personality.rmcpPlus === 'unknown') return { refusal: CompletionCode.invalidCommand };
    if (!isLanChannel(channel)) return { refusal: CompletionCode.invalidDataField };
    const suites = (personality.listedSuites ?? cipherSuites)
      .map(cipherSuiteById)
      .filter((suite) => suite !== undefined);
    const list = listSuites ? suiteRecords(suites) : algorithmList(suites);
    const from = listIndex * CIPHER_SUITE_CHUNK_BYTES;
    return { response: { channel: LAN_CHANNEL, records: list.subarray(from, from + CIPHER_SUITE_CHUNK_BYTES) } };
  }),

  handler(getSessionChallenge, ({ authenticationType, userName }, context) => {
    const { ipmi15, users, sessions, entropy, personality } = context;
    if (ipmi15 === 'off') return { refusal: CompletionCode.invalidCommand };
    if (authenticationType !== AuthenticationType.md5) return { refusal: CompletionCode.invalidDataField };
    const user = userByName(users, userName);
    const tooLong = Buffer.byteLength(user?.password ?? '') > MAXIMUM_V1_PASSWORD_BYTES;
    if (user === undefined || (tooLong && personality.v15LongPassword === 'refused')) {
      const isNull = userName.length === 0;
      return { refusal: GetSessionChallengeCode[isNull ? 'nullUserNotEnabled' : 'invalidUserName'] };
    }
    const { id, challenge } = sessions.challenge({ user, challenge: entropy.bytes(16) });
    return { response: { temporarySessionId: id, challenge } };
  }),

  handler(setSessionPrivilegeLevel, ({ privilegeLevel }, _context, session) => {
    if (session === undefined) return { refusal: CompletionCode.insufficientPrivilege };
    // 0 asks for the present level; callback is no level to change to.
    if (privilegeLevel === PrivilegeLevel.callback) return { refusal: CompletionCode.invalidDataField };
    if (privilegeLevel > session.maximumPrivilege) return { refusal: SetSessionPrivilegeLevelCode.exceedsLimit };
    if (privilegeLevel !== 0) session.privilege = privilegeLevel;
    return { response: { privilegeLevel: session.privilege } };
  }),

  handler(closeSession, ({ sessionId }, { sessions }, session) => {
    // Another's session is closed by an administrator only.
    if (session && sessionId !== session.id && session.privilege < PrivilegeLevel.administrator) {
      return { refusal: CompletionCode.insufficientPrivilege };
    }
    return sessions.close(sessionId) ? { response: undefined } : { refusal: CloseSessionCode.invalidSessionId };
  }),
];

function isLanChannel(channel: number): boolean {
  return channel === PRESENT_CHANNEL || channel === LAN_CHANNEL;
}

function isLevel(level: number): boolean {
  return level >= PrivilegeLevel.callback && level <= PrivilegeLevel.oem;
}

function suiteRecords(suites: readonly CipherSuite[]): Buffer {
  const list = new ByteWriter(5 * suites.length);
  for (const suite of suites) encodeCipherSuiteRecord(suite, list);
  return list.done();
}

/** Each algorithm once, its kind in bits 7:6. @see IPMI v2.0 rev. 1.1 §22.15.1, Table 22-19 */
function algorithmList(suites: readonly CipherSuite[]): Buffer {
  const kinds = [
    suites.map(({ authentication }) => authentication),
    suites.map(({ integrity }) => 0x40 | integrity),
    suites.map(({ confidentiality }) => 0x80 | confidentiality),
  ];
  return Buffer.from([...new Set(kinds.flat())]);
}
