import { DecodeError } from '../../../../foundation/errors.ts';
import { getPowerReading, PowerReadingMode } from '../../../../protocols/ipmi/commands/dcmi/get-power-reading.ts';
import type { IpmiRequester } from '../requester.ts';

/**
 * The power drawn now. Null when it is not told: most controllers have no DCMI and refuse its commands in their own
 * ways (C1h, C9h, CCh, D6h), some answer with another group's data, and some have DCMI and no meter.
 * @returns watts
 * @throws UnreachableError, and what session set-up throws
 * @see DCMI v1.5 rev. 1.0 §6.6.1
 */
export async function readPowerWatts(requester: IpmiRequester, signal: AbortSignal): Promise<number | null> {
  const request = { mode: PowerReadingMode.systemPowerStatistics, modeAttributes: 0 };
  try {
    const reply = await requester.attempt(getPowerReading, request, signal);
    if (reply.kind === 'refused' || !reply.response.measurementActive) return null;
    return reply.response.current;
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
