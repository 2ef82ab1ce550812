import { RefusedError, type Retry } from '../../foundation/errors.ts';

/** Completion codes that code branches on. @see IPMI v2.0 rev. 1.1 §5.2, Table 5-2 */
export const CompletionCode = {
  ok: 0x00,
  nodeBusy: 0xc0,
  invalidCommand: 0xc1,
  invalidForLun: 0xc2,
  timeout: 0xc3,
  outOfSpace: 0xc4,
  reservationInvalid: 0xc5,
  requestDataTruncated: 0xc6,
  requestDataLengthInvalid: 0xc7,
  requestDataLimitExceeded: 0xc8,
  parameterOutOfRange: 0xc9,
  cannotReturnRequestedBytes: 0xca,
  notPresent: 0xcb,
  invalidDataField: 0xcc,
  illegalForSensorOrRecord: 0xcd,
  responseUnavailable: 0xce,
  duplicateRequest: 0xcf,
  repositoryInUpdateMode: 0xd0,
  firmwareUpdateMode: 0xd1,
  initializing: 0xd2,
  destinationUnavailable: 0xd3,
  insufficientPrivilege: 0xd4,
  notInPresentState: 0xd5,
  subFunctionDisabled: 0xd6,
  unspecified: 0xff,
} as const;

/** Generic completion codes: what each means, and whether the same request may succeed later. @see §5.2, Table 5-2 */
const completionCodes: Readonly<Record<number, { readonly text: string; readonly retry: Retry }>> = {
  0: { text: 'completed normally', retry: 'give-up' },
  192: { text: 'node busy', retry: 'retry' },
  193: { text: 'invalid command', retry: 'give-up' },
  194: { text: 'invalid command for this LUN', retry: 'give-up' },
  195: { text: 'timeout while processing the command', retry: 'retry' },
  196: { text: 'out of space', retry: 'retry' },
  197: { text: 'reservation cancelled or invalid', retry: 'retry' },
  198: { text: 'request data truncated', retry: 'give-up' },
  199: { text: 'request data length invalid', retry: 'give-up' },
  200: { text: 'request data field length limit exceeded', retry: 'give-up' },
  201: { text: 'parameter out of range', retry: 'give-up' },
  202: { text: 'cannot return the requested number of data bytes', retry: 'give-up' },
  203: { text: 'requested sensor, data or record not present', retry: 'give-up' },
  204: { text: 'invalid data field in the request', retry: 'give-up' },
  205: { text: 'command illegal for this sensor or record type', retry: 'give-up' },
  206: { text: 'response could not be provided', retry: 'retry' },
  207: { text: 'duplicate request', retry: 'give-up' },
  208: { text: 'SDR repository in update mode', retry: 'retry' },
  209: { text: 'device in firmware update mode', retry: 'retry' },
  210: { text: 'BMC initialization in progress', retry: 'retry' },
  211: { text: 'destination unavailable', retry: 'retry' },
  212: { text: 'insufficient privilege level', retry: 'give-up' },
  213: { text: 'not supported in the present state', retry: 'give-up' },
  214: { text: 'command sub-function disabled or unavailable', retry: 'give-up' },
  255: { text: 'unspecified error', retry: 'give-up' },
};

/** Meanings of the codes 80h to BEh, which each command defines for itself. */
export type CommandCompletionCodes = Readonly<Record<number, string>>;

/** "D5h not supported in the present state". */
export function describeCompletionCode(code: number, specific: CommandCompletionCodes = {}): string {
  const hex = `${code.toString(16).toUpperCase().padStart(2, '0')}h`;
  const text = completionCodes[code]?.text ?? specific[code];
  if (text !== undefined) return `${hex} ${text}`;
  if (code >= 0x80 && code <= 0xbe) return `${hex} command-specific code`;
  return code >= 0x01 && code <= 0x7e ? `${hex} OEM code` : `${hex} reserved code`;
}

/** The controller understood the command and said no; `retry` follows from the code. */
export class CompletionCodeError extends RefusedError {
  override readonly code: string = 'bmc-refused';
  readonly completionCode: number;

  /** @param what what was asked of whom: "Chassis Control (reset) on BMC 192.0.2.7:623" */
  constructor(what: string, completionCode: number, specific: CommandCompletionCodes = {}, hint = '') {
    const meaning = describeCompletionCode(completionCode, specific);
    super(`${what}: refused with ${meaning}${hint === '' ? '' : `; ${hint}`}`, {
      retry: completionCodes[completionCode]?.retry ?? 'give-up',
      details: { completionCode, meaning },
    });
    this.completionCode = completionCode;
  }
}
