import type { TimelineEvent } from '../../domain/event.ts';
import { type HostFact, hostText } from '../sighted.ts';

/** How far this attempt has come, from the listeners' sightings alone. */
export type NetbootFacts = {
  readonly host: HostFact;
  readonly armed: boolean;
  readonly asked: boolean;
  readonly offered: boolean;
  readonly script: boolean;
  readonly kernel: boolean;
  readonly initrds: number;
};

/** Reads the sightings since the attempt was armed. */
export function progressOf(events: readonly TimelineEvent[]): Omit<NetbootFacts, 'host' | 'armed'> {
  const served = events.filter((event) => event.type === 'file.served' && event.source === 'http');
  const names = new Set(served.map((event) => String(event.data.name)));
  return {
    asked: events.some((event) => event.type === 'boot.asked'),
    offered: events.some((event) => event.type === 'boot.offered'),
    script: names.has('script.ipxe'),
    kernel: names.has('kernel'),
    initrds: [...names].filter((name) => name.startsWith('initrd/')).length,
  };
}

export function lastSeenOf(facts: NetbootFacts): string {
  if (facts.host.kind !== 'absent') return hostText(facts.host);
  if (facts.initrds > 0) return 'kernel and initrd were fetched, stage-1 SSH did not answer yet';
  if (facts.kernel) return 'the kernel was fetched, the initrd was not';
  if (facts.script) return 'the iPXE script was fetched, the kernel was not';
  if (facts.offered) return 'a boot file was offered, the iPXE script was not fetched';
  if (facts.asked) return 'the machine asked to netboot, nothing was offered';
  return 'no netboot request from this machine';
}
