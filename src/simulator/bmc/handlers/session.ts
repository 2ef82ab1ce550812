import { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { cipherSuiteById } from '../../../protocols/ipmi/cipher-suites.ts';
import { CloseSessionCode, closeSession } from '../../../protocols/ipmi/commands/application/close-session.ts';
import { getChannelAuthenticationCapabilities } from '../../../protocols/ipmi/commands/application/get-channel-authentication-capabilities.ts';
import {
  CIPHER_SUITE_CHUNK_BYTES,
  encodeCipherSuiteRecord,
  getChannelCipherSuites,
} from '../../../protocols/ipmi/commands/application/get-channel-cipher-suites.ts';
import {
  SetSessionPrivilegeLevelCode,
  setSessionPrivilegeLevel,
} from '../../../protocols/ipmi/commands/application/set-session-privilege-level.ts';
import { CompletionCode } from '../../../protocols/ipmi/completion-code.ts';
import { MAXIMUM_DATA_BYTES } from '../../../protocols/ipmi/message.ts';
import { type Handler, handler } from '../command-handler.ts';

/** The LAN channel of this BMC. */
export const LAN_CHANNEL = 1;

/** What is asked before a session, and what rules one. @see IPMI v2.0 rev. 1.1 §22.13 to §22.19 */
export const sessionHandlers: readonly Handler[] = [
  handler(getChannelAuthenticationCapabilities, (request, context) => ({
    response: {
      channel: LAN_CHANNEL,
      extended: request.extended,
      authenticationTypes: 0,
      kgSet: context.kgSet,
      perMessageAuthenticationDisabled: false,
      userLevelAuthenticationDisabled: false,
      nonNullUserNames: context.users.some(({ name }) => name !== ''),
      nullUserNames: context.users.some(({ name }) => name === ''),
      anonymousLogin: false,
      supportsV15: false,
      supportsV20: true,
      oemId: 0,
      oemAuxiliary: 0,
    },
  })),

  handler(getChannelCipherSuites, (request, context) => {
    const list = new ByteWriter(MAXIMUM_DATA_BYTES);
    for (const id of context.cipherSuites) {
      const suite = cipherSuiteById(id);
      if (suite) encodeCipherSuiteRecord(suite, list);
    }
    const from = request.listIndex * CIPHER_SUITE_CHUNK_BYTES;
    return { response: { channel: LAN_CHANNEL, records: list.done().subarray(from, from + CIPHER_SUITE_CHUNK_BYTES) } };
  }),

  handler(setSessionPrivilegeLevel, ({ privilegeLevel }, _context, session) => {
    if (session === undefined) return { refusal: CompletionCode.insufficientPrivilege };
    if (privilegeLevel > session.maximumPrivilege) return { refusal: SetSessionPrivilegeLevelCode.exceedsLimit };
    if (privilegeLevel !== 0) session.privilege = privilegeLevel;
    return { response: { privilegeLevel: session.privilege } };
  }),

  handler(closeSession, ({ sessionId }, { sessions }) =>
    sessions.close(sessionId) ? { response: undefined } : { refusal: CloseSessionCode.invalidSessionId },
  ),
];
