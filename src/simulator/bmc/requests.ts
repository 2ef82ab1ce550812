import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { decodeIpmiRequest, encodeIpmiResponse } from '../../protocols/ipmi/message.ts';
import { carryOut } from './commands.ts';
import type { BmcCore } from './core.ts';
import type { ActiveSession } from './sessions.ts';

/**
 * Carries out the request in an IPMI payload and gives the payload of its answer.
 * @param session missing for a request outside any session
 * @throws DecodeError when the payload is no request
 */
export function performRequest(core: BmcCore, payload: Buffer, session: ActiveSession | undefined): Buffer {
  const request = decodeIpmiRequest(new ByteReader(payload));
  const { name, completionCode, data } = carryOut(request, core.context, session);
  core.requests.set(name, (core.requests.get(name) ?? 0) + 1);
  return encodeIpmiResponse({ ...request, netFn: request.netFn | 1, completionCode, data });
}
