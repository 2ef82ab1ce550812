import type { IpmiBoard } from '../drivers/bmc/ipmi/board.ts';
import type { SdrCache } from '../drivers/bmc/ipmi/sensors/sdr-cache.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Entropy } from '../foundation/entropy.ts';
import type { Log } from '../foundation/log.ts';
import type { Calls } from './calls.ts';

/** What each chapter of a client is made from. */
export type PartDeps = {
  readonly board: IpmiBoard;
  readonly calls: Calls;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  /** The controller's sensor data records, read once and shared by sensors, event log and inventory. */
  readonly sdrs: SdrCache;
};
