import type { Machine, MachineSpec } from '../../src/domain/machine.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { createMeter } from '../../src/foundation/meter.ts';
import { createBootDirectory } from '../../src/netboot/boot-directory.ts';
import { createBootProgress, createForgetfulLoaderMemory } from '../../src/netboot/boot-progress.ts';
import { createBootDesk } from '../../src/netboot/dhcp/boot-desk.ts';
import { createAddressPlan } from '../../src/netboot/dhcpv6/address-plan.ts';
import { createDhcpv6Answerer } from '../../src/netboot/dhcpv6/answer.ts';
import { createHeardAddresses } from '../../src/netboot/dhcpv6/heard-addresses.ts';
import type { Ipv6Options } from '../../src/netboot/dhcpv6/ipv6-options.ts';
import { linksOf } from '../../src/netboot/dhcpv6/links.ts';
import { understandDhcpv6 } from '../../src/netboot/dhcpv6/understand.ts';
import { serverDuid } from '../../src/netboot/dhcpv6-server.ts';
import { createInventory } from '../../src/netboot/inventory.ts';
import { createSightings } from '../../src/netboot/sightings.ts';
import { createStrangers } from '../../src/netboot/strangers.ts';
import { type Dhcpv6ClientMessage, encodeDhcpv6Message } from '../../src/protocols/dhcpv6/message.ts';
import { loaderNames } from './loader-names.ts';
import { createManualClock } from './manual-clock.ts';
import { memoryAttempts, memoryMachines, memoryTimeline, sampleMachine } from './netboot-ports.ts';

export const RIG_MAC = '52:54:00:77:06:01';
export const RIG_SOURCE = 'fe80::5054:ff:fe77:601';
export const RIG_SERVER = 'fd00:93::1';
export const RIG_TOKEN = '0123456789abcdef'.repeat(2);
/** The one that the recorded requests name. */
export const RIG_DUID = serverDuid('eth0', RIG_SERVER);

export type RigOptions = {
  readonly own?: Partial<Ipv6Options> & { readonly mode?: 'proxy' | 'full' };
  readonly spec?: Partial<MachineSpec>;
  readonly armed?: boolean;
};

/** The answering part of one interface, for machine m1, on a clock that stands still. */
export function dhcpv6Rig({ own = {}, spec = {}, armed = true }: RigOptions = {}) {
  const ipv6 = { address: { address: RIG_SERVER, prefixLength: 64 }, mode: 'full' as const, ...own };
  const clock = createManualClock();
  const [timeline, meter, log] = [memoryTimeline(clock.now), createMeter(), silentLog];
  const machine: Machine = sampleMachine({ name: 'm1', macs: [RIG_MAC], address: '10.93.6.11', ...spec });
  const machines = memoryMachines([machine]);
  const inventory = createInventory({ machines, clock });
  const attempts = memoryAttempts(clock.now);
  if (armed) attempts.arm(machine, { kernel: 'k', initrds: ['i'], commandLine: '' }, { token: RIG_TOKEN });
  const directory = createBootDirectory({ machines: inventory, attempts });
  const memory = createForgetfulLoaderMemory();
  const progress = createBootProgress({ memory, clock, log });
  const sightings = progress.watching(createSightings({ timeline, clock, log, meter }));
  const strangers = createStrangers({ clock, log, meter });
  const x64 = ['ipxe.efi', 'snponly.efi'];
  const loaders = loaderNames({ 7: x64, 16: x64 });
  const scriptBaseUrl = `http://[${ipv6.address.address}]:8480`;
  const deskOptions = { mode: ipv6.mode, loaders, scriptBaseUrl };
  const desk = createBootDesk({ directory, sightings, strangers, progress }, deskOptions);
  const heard = createHeardAddresses({ clock });
  const plan = createAddressPlan({ clock }, ipv6.address.address);
  const { leaseSeconds = 3600 } = ipv6;
  const answerer = createDhcpv6Answerer(
    { desk, plan, directory, sightings, log, heard },
    { mode: ipv6.mode, leaseSeconds, links: linksOf(ipv6), serverId: RIG_DUID },
  );

  async function ask(data: Buffer, source = RIG_SOURCE, unicast = false): Promise<Dhcpv6ClientMessage | undefined> {
    const request = understandDhcpv6(data, source);
    if (typeof request === 'string') throw new Error(request);
    return answerer.answer(request, unicast);
  }
  return {
    ...{ clock, timeline, meter, sightings, attempts, machine, heard, ask },
    askMessage: (message: Dhcpv6ClientMessage, source?: string, unicast?: boolean) =>
      ask(encodeDhcpv6Message(message), source, unicast),
    async said(type: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
      await sightings.settled();
      return timeline.events.filter((event) => event.type === type).map(({ data }) => data);
    },
  };
}
