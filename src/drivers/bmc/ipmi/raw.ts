import type { RawAnswer, RawCommand } from '../../../domain/hardware.ts';
import { InvalidRequestError } from '../../../foundation/errors.ts';
import type { IpmiCommand } from '../../../protocols/ipmi/command.ts';
import { CompletionCode, describeCompletionCode } from '../../../protocols/ipmi/completion-code.ts';
import { PrivilegeLevel } from '../../../protocols/ipmi/privilege-level.ts';
import type { IpmiRequester } from './requester.ts';

/** Most data bytes of a raw request. Controllers take less: 32 to 80 are usual, and all are to fit one datagram. */
export const RAW_MAXIMUM_DATA_BYTES = 200;

/** Highest network function of a request: 6 bits, even. @see IPMI v2.0 rev. 1.1 §5.1, Table 5-1 */
const MAXIMUM_NET_FN = 0x3e;

/**
 * Sends a command that is given as bytes, once, in a session raised to administrator or as high as its login goes: what
 * it does, and whether it may be sent twice, is not known here. A refusal is an answer. Commands that rule the session itself (Close Session, Set
 * Session Privilege Level) act on the session in use.
 * @throws InvalidRequestError when a number is out of its range or the data are too long
 */
export async function sendRaw(requester: IpmiRequester, raw: RawCommand, signal: AbortSignal): Promise<RawAnswer> {
  check(raw);
  const reply = await requester.once(rawCommand(raw), raw.data, signal, { lun: raw.lun });
  switch (reply.kind) {
    case 'answered':
      return answered(CompletionCode.ok, Buffer.from(reply.response));
    case 'refused':
      return answered(reply.completionCode, Buffer.alloc(0));
    case 'silent':
      return { kind: 'silent' };
  }
}

function answered(completionCode: number, data: Buffer): RawAnswer {
  return { kind: 'answered', completionCode, meaning: describeCompletionCode(completionCode), data };
}

function check({ netFn, lun, command, data }: RawCommand): void {
  if (!inRange(netFn, MAXIMUM_NET_FN) || netFn % 2 !== 0) {
    throw new InvalidRequestError(`raw command: netFn ${netFn} is not an even number from 0 to ${MAXIMUM_NET_FN}`);
  }
  if (!inRange(lun, 3)) throw new InvalidRequestError(`raw command: LUN ${lun} is not 0 to 3`);
  if (!inRange(command, 0xff)) throw new InvalidRequestError(`raw command: command ${command} is not 0 to 255`);
  if (data.length > RAW_MAXIMUM_DATA_BYTES) {
    throw new InvalidRequestError(
      `raw command: ${data.length} data bytes are more than the ${RAW_MAXIMUM_DATA_BYTES} that can be sent`,
    );
  }
}

function inRange(value: number, maximum: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= maximum;
}

function rawCommand({ netFn, command }: RawCommand): IpmiCommand<Buffer, Buffer> {
  const hex = (value: number): string => `${value.toString(16).toUpperCase().padStart(2, '0')}h`;
  return {
    name: `raw command ${hex(netFn)}/${hex(command)}`,
    netFn,
    command,
    repeatable: false,
    privilege: PrivilegeLevel.administrator,
    completionCodes: {},
    encodeRequest: (data, writer) => void writer.bytes(data),
    decodeRequest: (reader) => reader.rest(),
    encodeResponse: (data, writer) => void writer.bytes(data),
    decodeResponse: (reader) => reader.rest(),
  };
}
