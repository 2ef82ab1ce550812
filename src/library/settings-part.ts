import { type ChannelReport, readChannels } from '../drivers/bmc/ipmi/settings/channels.ts';
import { type LanReport, readLan } from '../drivers/bmc/ipmi/settings/lan.ts';
import { readUsers, type UsersReport } from '../drivers/bmc/ipmi/settings/users.ts';
import type { CallOptions } from './calls.ts';
import { checkWhole } from './checks.ts';
import { type OfferedCipherSuite, readCipherSuites } from './cipher-suite-list.ts';
import type { PartDeps } from './part.ts';

export type ChannelCallOptions = CallOptions & {
  /** 0 to 15. Default: the channel of this session. */
  readonly channel?: number | undefined;
};

/** The controller's accounts and network settings, read only. Most need `privilege: 'administrator'` or `'operator'`. */
export type SettingsPart = {
  /** Accounts and what each may do on the channel. Passwords cannot be read. @see IPMI v2.0 rev. 1.1 §22.27, §22.29 */
  users(options?: ChannelCallOptions): Promise<UsersReport>;
  /** Addresses, VLAN, suites and logins allowed, IPv6; null is "not told". @see IPMI v2.0 rev. 1.1 §23.2, Table 23-4 */
  lan(options?: ChannelCallOptions): Promise<LanReport>;
  /** Every channel that the controller tells of. @see IPMI v2.0 rev. 1.1 §22.23, §22.24 */
  channels(options?: CallOptions): Promise<readonly ChannelReport[]>;
  /** The suites that the channel offers, asked inside the session, so that the list cannot be forged. @see §22.15 */
  cipherSuites(options?: ChannelCallOptions): Promise<readonly OfferedCipherSuite[]>;
};

export function createSettingsPart({ board: { requester }, calls }: PartDeps): SettingsPart {
  /** Does `work` with the channel asked for. */
  const onChannel = <T>(
    options: ChannelCallOptions | undefined,
    work: (channel: number | undefined, signal: AbortSignal) => Promise<T>,
  ): Promise<T> =>
    calls.run(options, async (signal) => {
      checkWhole('channel', options?.channel, 0, 15);
      return await work(options?.channel, signal);
    });

  return {
    users: (options) => onChannel(options, (channel, signal) => readUsers(requester, signal, channel)),
    lan: (options) => onChannel(options, (channel, signal) => readLan(requester, signal, channel)),
    channels: (options) => calls.run(options, (signal) => readChannels(requester, signal)),
    cipherSuites: (options) => onChannel(options, (channel, signal) => readCipherSuites(requester, channel, signal)),
  };
}
