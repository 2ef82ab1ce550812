import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** Who started the timer. @see IPMI v2.0 rev. 1.1 §27.6 */
export const WatchdogUse = { biosFrb2: 1, biosPost: 2, osLoad: 3, smsOs: 4, oem: 5 } as const;

/** What happens when it expires. @see §27.6 */
export const WatchdogAction = { none: 0, hardReset: 1, powerDown: 2, powerCycle: 3 } as const;

/** What happens shortly before. @see §27.6 */
export const WatchdogPreTimeoutInterrupt = { none: 0, smi: 1, nmi: 2, messaging: 3 } as const;

export type GetWatchdogTimerResponse = {
  readonly dontLog: boolean;
  readonly running: boolean;
  /** See {@link WatchdogUse}; 3 bits. */
  readonly timerUse: number;
  /** See {@link WatchdogPreTimeoutInterrupt}; 3 bits. */
  readonly preTimeoutInterrupt: number;
  /** See {@link WatchdogAction}; 3 bits. */
  readonly timeoutAction: number;
  readonly preTimeoutSeconds: number;
  /** Bit n: a timer of use n has expired. */
  readonly expirationFlags: number;
  /** In 100 ms. */
  readonly initialCountdown: number;
  /** In 100 ms. Absent: ipmi_sim 2.0.33 leaves it out while the timer is stopped. */
  readonly presentCountdown?: number;
};

/**
 * Reads a Get Watchdog Timer response.
 *   0    bit 7 don't log, 6 running, 2:0 use
 *   1    bits 6:4 pre-timeout interrupt, 2:0 timeout action
 *   2    pre-timeout interval, seconds
 *   3    expiration flags by use
 *   4-5  initial countdown, 6-7 present countdown, 100 ms
 * @throws DecodeError when shorter than 6 bytes
 * @see IPMI v2.0 rev. 1.1 §27.7
 */
export function decodeGetWatchdogTimerResponse(reader: ByteReader): GetWatchdogTimerResponse {
  const use = reader.u8('timer use');
  const actions = reader.u8('timer actions');
  const response = {
    dontLog: (use & 0x80) !== 0,
    running: (use & 0x40) !== 0,
    timerUse: use & 0x07,
    preTimeoutInterrupt: (actions >> 4) & 0x07,
    timeoutAction: actions & 0x07,
    preTimeoutSeconds: reader.u8('pre-timeout interval'),
    expirationFlags: reader.u8('expiration flags'),
    initialCountdown: reader.u16le('initial countdown'),
  };
  return reader.left < 2 ? response : { ...response, presentCountdown: reader.u16le('present countdown') };
}

/** Writes a Get Watchdog Timer response. @see IPMI v2.0 rev. 1.1 §27.7 */
export function encodeGetWatchdogTimerResponse(response: GetWatchdogTimerResponse, writer: ByteWriter): void {
  writer.u8((response.dontLog ? 0x80 : 0) | (response.running ? 0x40 : 0) | response.timerUse);
  writer.u8((response.preTimeoutInterrupt << 4) | response.timeoutAction);
  writer.u8(response.preTimeoutSeconds).u8(response.expirationFlags);
  writer.u16le(response.initialCountdown);
  if (response.presentCountdown !== undefined) writer.u16le(response.presentCountdown);
}

export function describeGetWatchdogTimerResponse(response: GetWatchdogTimerResponse): string {
  if (!response.running) return 'watchdog stopped';
  const { timerUse, timeoutAction, presentCountdown } = response;
  const left = presentCountdown === undefined ? '' : `, ${presentCountdown / 10} s left`;
  return `watchdog running, use ${timerUse}, action ${timeoutAction}${left}`;
}

/** Repeatable: a read; it does not start the countdown anew. */
export const getWatchdogTimer: IpmiCommand<NoData, GetWatchdogTimerResponse> = {
  name: 'Get Watchdog Timer',
  netFn: NetFn.application,
  command: 0x25,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeGetWatchdogTimerResponse,
  decodeResponse: decodeGetWatchdogTimerResponse,
};
