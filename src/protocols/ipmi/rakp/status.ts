import { type ErrorDetails, RefusedError, type Retry } from '../../../foundation/errors.ts';

/** Status codes that code branches on. @see IPMI v2.0 rev. 1.1 §13.24, Table 13-15 */
export const RakpStatus = {
  ok: 0x00,
  insufficientResources: 0x01,
  invalidSessionId: 0x02,
  inactiveSessionId: 0x08,
  invalidRole: 0x09,
  unauthorizedRole: 0x0a,
  unauthorizedName: 0x0d,
  invalidIntegrityCheckValue: 0x0f,
  noMatchingCipherSuite: 0x11,
  illegalParameter: 0x12,
} as const;

/** RMCP+ and RAKP message status codes. @see IPMI v2.0 rev. 1.1 §13.24, Table 13-15 */
const rakpStatuses: Readonly<Record<number, { readonly text: string; readonly retry: Retry }>> = {
  0: { text: 'no errors', retry: 'give-up' },
  1: { text: 'insufficient resources to create a session', retry: 'retry' },
  2: { text: 'invalid session id', retry: 'retry' },
  3: { text: 'invalid payload type', retry: 'give-up' },
  4: { text: 'invalid authentication algorithm', retry: 'give-up' },
  5: { text: 'invalid integrity algorithm', retry: 'give-up' },
  6: { text: 'no matching authentication payload', retry: 'give-up' },
  7: { text: 'no matching integrity payload', retry: 'give-up' },
  8: { text: 'inactive session id', retry: 'retry' },
  9: { text: 'invalid role', retry: 'give-up' },
  10: { text: 'unauthorized role or privilege level', retry: 'give-up' },
  11: { text: 'insufficient resources to create a session at the requested role', retry: 'retry' },
  12: { text: 'invalid name length', retry: 'give-up' },
  13: { text: 'unauthorized name', retry: 'give-up' },
  14: { text: 'unauthorized GUID', retry: 'give-up' },
  15: { text: 'invalid integrity check value', retry: 'give-up' },
  16: { text: 'invalid confidentiality algorithm', retry: 'give-up' },
  17: { text: 'no cipher suite match with the proposed algorithms', retry: 'give-up' },
  18: { text: 'illegal or unrecognized parameter', retry: 'give-up' },
};

/** "0Dh unauthorized name". */
export function describeRakpStatus(status: number): string {
  const hex = `${status.toString(16).toUpperCase().padStart(2, '0')}h`;
  return `${hex} ${rakpStatuses[status]?.text ?? 'reserved status'}`;
}

/** The controller ended the handshake with a status; `retry` follows from it. */
export class RakpStatusError extends RefusedError {
  override readonly code: string = 'bmc-session-refused';
  readonly status: number;

  constructor(message: string, status: number, details: ErrorDetails = {}) {
    super(message, {
      retry: rakpStatuses[status]?.retry ?? 'give-up',
      details: { ...details, status, meaning: describeRakpStatus(status) },
    });
    this.status = status;
  }
}
