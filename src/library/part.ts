import type { IpmiBoard } from '../drivers/bmc/ipmi/board.ts';
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
};
