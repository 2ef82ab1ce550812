import type { NetbootConfig } from './config/config-schema.ts';
import type { Clock } from './foundation/clock.ts';
import type { Log } from './foundation/log.ts';
import type { Meter } from './foundation/meter.ts';
import type { Udp } from './foundation/udp.ts';
import { loadLoaders } from './netboot/assets/loaders.ts';
import { createBootDirectory } from './netboot/boot-directory.ts';
import { bootBaseUrl } from './netboot/boot-urls.ts';
import { createDhcpServer } from './netboot/dhcp-server.ts';
import { servedInterface } from './netboot/options.ts';
import { createProxyDhcp } from './netboot/proxy-dhcp.ts';
import { createSightings } from './netboot/sightings.ts';
import { createStrangers } from './netboot/strangers.ts';
import { createTftpServer } from './netboot/tftp-server.ts';
import type { Runnable } from './run-all.ts';
import type { Store } from './store/store.ts';

export type NetbootParts = {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly store: Store;
};

/** The listeners that machines boot from; none when no interface is enabled. */
export async function composeNetboot(
  parts: NetbootParts,
  config: NetbootConfig | undefined,
): Promise<{ readonly parts: readonly Runnable[]; readonly ready: Promise<unknown> }> {
  const own = config === undefined ? undefined : servedInterface(config.interfaces);
  if (config === undefined || own === undefined) return { parts: [], ready: Promise.resolve() };
  return { parts: [], ready: Promise.resolve() };
}
