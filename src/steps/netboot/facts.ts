import type { BootKind } from '../../domain/armed-boot.ts';
import { GRUB_CONFIG_NAME, grubFileOf } from '../../domain/boot/grub-names.ts';
import type { TimelineEvent } from '../../domain/event.ts';
import { unreachableCase } from '../../foundation/errors.ts';
import { type HostFact, hostText } from '../sighted.ts';

/** How far this attempt has come, from the listeners' sightings alone. */
export type NetbootFacts = {
  readonly host: HostFact;
  readonly armed: boolean;
  /** What this attempt boots, and how many initrds belong to it. */
  readonly boot: BootKind;
  readonly wanted: number;
  readonly asked: boolean;
  readonly offered: boolean;
  readonly script: boolean;
  /** GRUB, as second stage of the signed chain, fetched its configuration. */
  readonly grub: boolean;
  readonly kernel: boolean;
  readonly initrds: number;
  /** The script was asked for and answered 404, as a machine that is to boot from its own disk may be told. */
  readonly turnedAway: boolean;
  /** What the boot doctor found last and the boot did not get over, in its words; null for nothing. */
  readonly trouble: string | null;
};

/** Reads the sightings since the attempt was armed. */
export function progressOf(events: readonly TimelineEvent[]): Omit<NetbootFacts, 'host' | 'armed' | 'boot' | 'wanted'> {
  const served = events.filter((event) => event.type === 'file.served');
  const names = new Set(
    served.map(({ source, data }) => (source === 'http' ? String(data.name) : grubFileOf(String(data.name)))),
  );
  return {
    asked: events.some((event) => event.type === 'boot.asked'),
    offered: events.some((event) => event.type === 'boot.offered'),
    script: names.has('script.ipxe'),
    grub: names.has(GRUB_CONFIG_NAME),
    kernel: names.has('kernel'),
    initrds: [...names].filter((name) => name?.startsWith('initrd/') === true).length,
    turnedAway: events.some(
      ({ type, source, data }) => type === 'file.refused' && source === 'http' && data.name === 'script.ipxe',
    ),
    trouble: troubleOf(events),
  };
}

/** "iPXE was given the URL of its script, and no HTTP request came (script-not-fetched)" */
function troubleOf(events: readonly TimelineEvent[]): string | null {
  const over = (code: unknown, seq: number): boolean =>
    events.some((event) => event.type === 'boot.recovered' && event.data.code === code && event.seq > seq);
  const last = events.findLast(({ type, seq, data }) => type === 'boot.diagnosed' && !over(data.code, seq));
  return last === undefined ? null : `${String(last.data.message)} (${String(last.data.code)})`;
}

/** Whether the machine has taken all that it was to boot. A script's own further requests cannot be known. */
export function tookAll(facts: NetbootFacts): boolean {
  switch (facts.boot) {
    case 'kernel':
    case 'generation':
    case 'rescue':
      return facts.kernel && facts.initrds >= facts.wanted;
    case 'script':
      return facts.script;
    case 'local-disk':
      return facts.script || facts.grub || facts.turnedAway;
    default:
      return unreachableCase(facts.boot, 'boot kind');
  }
}

/** One line for "last seen": how far it came, and what the boot doctor says of it. */
export function lastSeenOf(facts: NetbootFacts): string {
  if (facts.host.kind !== 'absent') return hostText(facts.host);
  const { trouble } = facts;
  return trouble === null || tookAll(facts) ? stageOf(facts) : `${stageOf(facts)}: ${trouble}`;
}

function stageOf(facts: NetbootFacts): string {
  if (facts.boot === 'script' && facts.script) return 'its script was fetched, no SSH answered yet';
  if (facts.boot === 'local-disk' && tookAll(facts)) return 'it was handed on to its own disk, no SSH answered yet';
  if (facts.initrds > 0) return 'kernel and initrd were fetched, stage-1 SSH did not answer yet';
  if (facts.kernel) return 'the kernel was fetched, the initrd was not';
  if (facts.script) return 'the iPXE script was fetched, the kernel was not';
  if (facts.grub) return 'GRUB fetched its configuration, the kernel was not fetched';
  if (facts.offered) return 'a boot file was offered, the iPXE script was not fetched';
  if (facts.asked) return 'the machine asked to netboot, nothing was offered';
  return 'no netboot request from this machine';
}
