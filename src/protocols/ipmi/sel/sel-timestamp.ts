/** Up to here a timestamp counts seconds since the controller started, its clock not being set. @see §37 */
const LAST_SINCE_INITIALISATION = 0x2000_0000;
const UNSPECIFIED = 0xffff_ffff;

/** Timestamps that tell a time of day, and can be set: from 1987 to 2106. */
export const isSelTimestampOfDay = (timestamp: number): boolean =>
  timestamp > LAST_SINCE_INITIALISATION && timestamp < UNSPECIFIED;

/**
 * A timestamp of the event log as epoch milliseconds; null when it only counts since the controller's start, or is
 * unspecified. The specification leaves the time zone to the administrator; most controllers keep UTC, and it is read so.
 * @see IPMI v2.0 rev. 1.1 §37
 */
export function selTimestampToEpochMs(timestamp: number): number | null {
  return isSelTimestampOfDay(timestamp) ? timestamp * 1_000 : null;
}

/** Seconds for the event log, rounded to the nearest. @see IPMI v2.0 rev. 1.1 §37 */
export function epochMsToSelTimestamp(ms: number): number {
  return Math.round(ms / 1_000);
}
