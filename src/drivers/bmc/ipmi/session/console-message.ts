import { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import { DecodeError } from '../../../../foundation/errors.ts';
import type { IpmiCommand } from '../../../../protocols/ipmi/command.ts';
import { CompletionCode } from '../../../../protocols/ipmi/completion-code.ts';
import {
  BMC_ADDRESS,
  decodeIpmiResponse,
  type IpmiRequest,
  type IpmiResponse,
  REMOTE_CONSOLE_ADDRESS,
} from '../../../../protocols/ipmi/message.ts';
import type { SpokenReply } from '../requester.ts';

/** A request of a remote console to the controller. @see IPMI v2.0 rev. 1.1 §13.8 */
export function consoleRequest(
  command: { readonly netFn: number; readonly command: number },
  requesterSequence: number,
  data: Buffer,
  lun: number,
): IpmiRequest {
  return {
    responderAddress: BMC_ADDRESS,
    netFn: command.netFn,
    responderLun: lun,
    requesterAddress: REMOTE_CONSOLE_ADDRESS,
    requesterSequence,
    requesterLun: 0,
    command: command.command,
    data,
  };
}

/** @param checksums `ignore` where the session's authentication code has vouched for the bytes */
export function decodeResponse(payload: Buffer, checksums: 'check' | 'ignore'): IpmiResponse | undefined {
  try {
    return decodeIpmiResponse(new ByteReader(payload), checksums);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** Whether a response is the one to this request. */
export function answers(response: IpmiResponse, request: IpmiRequest): boolean {
  return (
    response.netFn === (request.netFn | 1) &&
    response.command === request.command &&
    response.requesterSequence === request.requesterSequence
  );
}

/** The response data as the command reads them, or its refusal. @throws DecodeError naming command and BMC */
export function readReply<Request, Response>(
  command: IpmiCommand<Request, Response>,
  response: IpmiResponse,
  name: string,
): SpokenReply<Response> {
  const { completionCode } = response;
  if (completionCode !== CompletionCode.ok) return { kind: 'refused', completionCode };
  try {
    return { kind: 'answered', response: command.decodeResponse(new ByteReader(response.data)) };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new DecodeError(`${command.name} response of BMC ${name}: ${error.message}`, {
      cause: error,
      details: error.details,
    });
  }
}
