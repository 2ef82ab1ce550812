import type { IpmiRequester } from '../drivers/bmc/ipmi/requester.ts';
import { DecodeError } from '../foundation/errors.ts';
import { getPowerReading, PowerReadingMode } from '../protocols/ipmi/commands/dcmi/get-power-reading.ts';

/** What the machine draws, watts, over the controller's own reporting period. */
export type PowerReading = {
  readonly current: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly average: number;
  /** Milliseconds. */
  readonly periodMs: number;
  /** By the controller's clock, epoch milliseconds. */
  readonly at: number;
};

/**
 * Null when it is not told: most controllers have no DCMI and refuse its commands in their own ways, some answer with
 * another group's data, and some have DCMI and no meter.
 * @throws UnreachableError, and what session set-up throws
 * @see DCMI v1.5 rev. 1.0 §6.6.1
 */
export async function readPower(requester: IpmiRequester, signal: AbortSignal): Promise<PowerReading | null> {
  const request = { mode: PowerReadingMode.systemPowerStatistics, modeAttributes: 0 };
  try {
    const reply = await requester.attempt(getPowerReading, request, signal);
    if (reply.kind === 'refused' || !reply.response.measurementActive) return null;
    const { current, minimum, maximum, average, reportingPeriod, timestamp } = reply.response;
    return { current, minimum, maximum, average, periodMs: reportingPeriod, at: timestamp * 1_000 };
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
