import type { Clock } from '../../../foundation/clock.ts';
import type { Entropy } from '../../../foundation/entropy.ts';
import type { Log } from '../../../foundation/log.ts';
import type { Meter } from '../../../foundation/meter.ts';
import type { Secret } from '../../../foundation/secret.ts';
import type { Udp } from '../../../foundation/udp.ts';
import type { SuitePins } from './link/suite-pins.ts';
import type { RequestedQuirk } from './quirks.ts';

export type IpmiDeps = {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly meter: Meter;
  /** Keeps the suites that BMCs have agreed to over a restart. Default: in memory only. */
  readonly pins?: SuitePins;
};

/** Privilege levels by name. */
export type IpmiPrivilege = 'user' | 'operator' | 'administrator';

/** One BMC and how to log in to it. */
export type IpmiTarget = {
  /** IP address, or a name to resolve. */
  readonly host: string;
  /** Default 623. */
  readonly port?: number;
  /** At most 16 bytes in UTF-8; may be empty. */
  readonly user: string;
  /** At most 20 bytes; 16 in IPMI 1.5. Copied when the BMC is opened. */
  readonly password: Secret;
  /** K_G of a BMC with two-key login, at most 20 bytes. Default: none, one-key login. */
  readonly kg?: Secret;
  /**
   * Cipher suites to try, in this order. Default: 17, then 3. 8, 12 and 16 may be listed; 0, 1, 2, 6, 7, 11 and 15 leave
   * packets open to anybody on the path and need `allowInsecureSuites` too.
   */
  readonly cipherSuites?: readonly number[];
  /** Allow listed suites that leave packets unsigned, or unencrypted under MD5. Default false. */
  readonly allowInsecureSuites?: boolean;
  /**
   * The most a session of ours may do; when the account has less, the login falls back to that. Default `operator`, which
   * covers all but configuration and some raw commands.
   */
  readonly privilege?: IpmiPrivilege;
  /**
   * How the BMC finds the account: by name alone, or among the accounts of that name and `privilege` (with an empty
   * name: by level alone). Default `name`.
   */
  readonly userLookup?: 'name' | 'name-and-role';
  /**
   * `1.5` speaks IPMI 1.5 with MD5 to old boards: nothing is encrypted, and the password is at most 16 bytes. It is never
   * fallen back to. Default `2.0`.
   */
  readonly version?: '2.0' | '1.5';
  /** Defects of this board's firmware that must be met halfway; see `quirks.ts`. Default: none. */
  readonly quirks?: readonly RequestedQuirk[];
};

export type IpmiOptions = {
  /** Local IPv4 address to send from. Default `0.0.0.0`, any. */
  readonly localAddress?: string;
  /** Wait for the first answer of a request or handshake message, milliseconds; it doubles with each attempt, and a BMC that was slow of late gets longer. Default 400. */
  readonly firstWaitMs?: number;
  /** How often a read is sent, and a handshake begun, before the BMC counts as unreachable. Default 4. */
  readonly attempts?: number;
  /** Wait for the answer to a command that is sent once, milliseconds. Default 5000. */
  readonly onceWaitMs?: number;
  /** Whole time for one command, waiting for its turn included; the wait of a command sent once comes on top. Default 20000 ms. */
  readonly operationMs?: number;
  /** Whole time for a list: sensors, event log, inventory, chassis. Slow boards take minutes for hundreds of entries. Default 300000 ms. */
  readonly listingMs?: number;
  /** Time for closing a session, one try. Default 1000 ms. */
  readonly closeMs?: number;
  /**
   * A session that has been idle for longer is not trusted to be there, milliseconds. The specification has 60 s,
   * OpenIPMI's ipmi_sim drops sessions after 30 s, and OpenBMC shrinks its limit when many are open. Default 25000.
   */
  readonly idleMs?: number;
  /** A session that somebody holds is kept alive when it has been idle for this long, milliseconds, less up to a fifth at random. Default 20000. */
  readonly keepAliveMs?: number;
  /** How long a session is kept after the last one who held it let go, milliseconds. Default 15000. */
  readonly lingerMs?: number;
  /** Let a BMC that has agreed to a stronger suite be used with a weaker one. Default false. */
  readonly allowDowngrade?: boolean;
};

/** All options, defaults filled in. */
export type IpmiSettings = Required<IpmiOptions>;

export const IPMI_DEFAULTS: IpmiSettings = {
  localAddress: '0.0.0.0',
  firstWaitMs: 400,
  attempts: 4,
  onceWaitMs: 5_000,
  operationMs: 20_000,
  listingMs: 300_000,
  closeMs: 1_000,
  idleMs: 25_000,
  keepAliveMs: 20_000,
  lingerMs: 15_000,
  allowDowngrade: false,
};
