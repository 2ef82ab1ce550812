import { createIpmiBmcs } from '../drivers/bmc/ipmi/ipmi-bmcs.ts';
import type { IpmiDeps, IpmiOptions } from '../drivers/bmc/ipmi/options.ts';
import { systemClock } from '../foundation/clock.ts';
import { systemEntropy } from '../foundation/entropy.ts';
import { silentLog } from '../foundation/log.ts';
import { systemUdp } from '../foundation/udp.ts';
import { checkAddress, type IpmiAccount, targetOf } from './account.ts';
import { type CallOptions, createCalls } from './calls.ts';
import { checkMs, checkWhole } from './checks.ts';
import { createClient, type IpmiClient } from './client.ts';

/** How it behaves, and what it is made of; all of it has a default. `log` hears what is worth a developer's look. */
export type CreateIpmiOptions = IpmiOptions & Partial<IpmiDeps>;

/** All BMCs of a program, over one UDP socket (a second one where some have IPv6 addresses). */
export type Ipmi = AsyncDisposable & {
  /**
   * A client of one BMC. Nothing is sent yet: the session is set up by the first call that needs one.
   * @throws ConfigError when the account cannot be used; what a password's function throws
   * @throws UnreachableError when the host's name cannot be resolved
   */
  open(account: IpmiAccount, options?: CallOptions): Promise<IpmiClient>;
  /**
   * Lets credentials that this BMC has rejected be tried again, after the account was put right on the BMC. A corrected
   * password needs no reset: it is another credential.
   * @param options `unpin`: also forget the cipher suite that it agreed to, so that a weaker one may be agreed to
   */
  resetAuthentication(
    bmc: Pick<IpmiAccount, 'host' | 'port'>,
    options?: CallOptions & { readonly unpin?: boolean | undefined },
  ): Promise<void>;
  /** Sessions that are up now. */
  readonly sessions: number;
};

/**
 * Disposing the result ends every call and console, closes every session and the sockets.
 * @throws InvalidRequestError for a number that is none
 */
export function createIpmi(options: CreateIpmiOptions = {}): Ipmi {
  const { udp, clock, entropy, log, meter, pins, ...settings } = defined(options);
  const parts = { clock: clock ?? systemClock, entropy: entropy ?? systemEntropy, log: log ?? silentLog };
  const deps: IpmiDeps = {
    ...parts,
    udp: udp ?? systemUdp,
    meter: meter ?? { count: () => undefined },
    ...(pins === undefined ? {} : { pins }),
  };
  checkNumbers(settings);
  const bmcs = createIpmiBmcs(deps, settings);
  const calls = createCalls('IPMI');
  const clients = new Set<IpmiClient>();
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    await calls.close();
    await Promise.all([...clients].map((client) => client[Symbol.asyncDispose]()));
    await bmcs[Symbol.asyncDispose]();
  }

  return {
    open: (account, call) =>
      calls.run(call, async (signal) => {
        using owned = await targetOf(account, signal);
        const board = await bmcs.openBoard(owned.target, signal);
        const client = createClient(parts, board, (closed) => void clients.delete(closed));
        clients.add(client);
        return client;
      }),
    resetAuthentication: (bmc, call) =>
      calls.run(call, async (signal) => {
        checkAddress(bmc);
        await bmcs.resetAuthentication(bmc, { unpin: call?.unpin ?? false }, signal);
      }),
    get sessions() {
      return bmcs.sessions;
    },
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}

function checkNumbers(settings: IpmiOptions): void {
  checkWhole('attempts', settings.attempts, 1, 100);
  const { firstWaitMs, onceWaitMs, operationMs, closeMs, idleMs, keepAliveMs, lingerMs } = settings;
  const times = { firstWaitMs, onceWaitMs, operationMs, closeMs, idleMs, keepAliveMs, lingerMs };
  for (const [name, value] of Object.entries(times)) checkMs(name, value);
}

/** Without the keys that are there and undefined: plain JavaScript passes those on, and they would hide the defaults. */
function defined(options: CreateIpmiOptions): CreateIpmiOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
