import type { Clock } from '../../../foundation/clock.ts';
import type { Entropy } from '../../../foundation/entropy.ts';
import type { Log } from '../../../foundation/log.ts';
import type { Meter } from '../../../foundation/meter.ts';
import type { Secret } from '../../../foundation/secret.ts';
import type { Udp } from '../../../foundation/udp.ts';

export type IpmiDeps = {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly meter: Meter;
};

/** One BMC and how to log in to it. */
export type IpmiTarget = {
  /** IP address, or a name to resolve. */
  readonly host: string;
  /** Default 623. */
  readonly port?: number;
  /** At most 16 bytes in UTF-8; may be empty. */
  readonly user: string;
  /** At most 20 bytes. Copied when the BMC is opened. */
  readonly password: Secret;
  /** K_G of a BMC with two-key login, at most 20 bytes. Default: none, one-key login. */
  readonly kg?: Secret;
  /** Cipher suites to try, in this order; of 3 and 17. Default: 17, then 3. */
  readonly cipherSuites?: readonly number[];
  /** The most a session of ours may do. Default `operator`, which covers power and boot. */
  readonly privilege?: 'user' | 'operator' | 'administrator';
};

export type IpmiOptions = {
  /** Local IPv4 address to send from. Default `0.0.0.0`, any. */
  readonly localAddress?: string;
  /** Wait for the first answer of a request or handshake message, milliseconds; it doubles with each attempt. Default 400. */
  readonly firstWaitMs?: number;
  /** How often a read is sent, and a handshake begun, before the BMC counts as unreachable. Default 4. */
  readonly attempts?: number;
  /** Wait for the answer to a power verb, which is sent once, milliseconds. Default 5000. */
  readonly verbWaitMs?: number;
  /** Whole time for one call, waiting for its turn included; a verb's own wait comes on top. Default 20000 ms. */
  readonly operationMs?: number;
  /** Time for closing a session, one try. Default 1000 ms. */
  readonly closeMs?: number;
  /**
   * A session that has been idle for longer is not trusted to be there, milliseconds. The specification has 60 s,
   * OpenIPMI's ipmi_sim drops sessions after 30 s, and OpenBMC shrinks its limit when many are open. Default 20000.
   */
  readonly idleMs?: number;
  /** Let a BMC that has agreed to a stronger suite in this process be used with a weaker one. Default false. */
  readonly allowDowngrade?: boolean;
};

/** All options, defaults filled in. */
export type IpmiSettings = Required<IpmiOptions>;

export const IPMI_DEFAULTS: IpmiSettings = {
  localAddress: '0.0.0.0',
  firstWaitMs: 400,
  attempts: 4,
  verbWaitMs: 5_000,
  operationMs: 20_000,
  closeMs: 1_000,
  idleMs: 20_000,
  allowDowngrade: false,
};
