import type { FetchedKind } from '../../domain/boot/diagnosis/observation.ts';
import { GRUB_CONFIG_NAME, grubFileOf } from '../../domain/boot/grub-names.ts';
import type { InterfaceMode } from '../../domain/boot-policy.ts';
import type { NewEvent } from '../../domain/event.ts';
import type { BootCaptures } from '../../domain/ports/boot-captures.ts';
import type { Machines } from '../../domain/ports/machines.ts';
import type { BootAttempts } from '../../domain/ports/netboot.ts';
import type { Timeline } from '../../domain/ports/timeline.ts';
import type { Clock } from '../../foundation/clock.ts';
import { errorText } from '../../foundation/errors.ts';
import { canonicalJson } from '../../foundation/json.ts';
import type { Log } from '../../foundation/log.ts';
import type { Meter } from '../../foundation/meter.ts';
import { TFTP_OPCODE } from '../../protocols/tftp/packet.ts';
import { KERNEL_NAME, SCRIPT_NAME } from '../boot-urls.ts';
import type { OtherServer } from '../dhcp/other-servers.ts';
import type { RequestWatch, WatchedRequest } from '../http/request-watch.ts';
import type { PacketTap, TappedPacket } from '../packet-tap.ts';
import type { Sightings } from '../sightings.ts';
import { createArmedWatch } from './armed-watch.ts';
import type { BootCase } from './boot-case.ts';
import { createCaptureWriter } from './capture-writer.ts';
import { createLately } from './lately.ts';
import { createRoster } from './roster.ts';
import { understandPacket } from './understand-packet.ts';

export type BootDoctorDeps = {
  readonly attempts: Pick<BootAttempts, 'armed'>;
  readonly machines: Pick<Machines, 'get'>;
  readonly timeline: Pick<Timeline, 'readRun' | 'onChange'>;
  readonly captures: BootCaptures;
  /** Where findings are told; {@link BootDoctor.sightings} are the same, seen by the doctor too. */
  readonly sightings: Sightings;
  readonly otherServers: () => readonly OtherServer[];
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
};

export type BootDoctorOptions = {
  readonly interfaces: readonly {
    readonly name: string;
    readonly mode: InterfaceMode;
    readonly address: { readonly address: string };
  }[];
  /** How long a fetched loader may take until it asks for something, milliseconds. */
  readonly patienceMs: number;
};

export type BootDoctor = {
  readonly tap: PacketTap;
  readonly requests: RequestWatch;
  readonly sightings: Sightings;
  /** Judges and writes until the signal fires; then writes what is left. */
  run(signal: AbortSignal): Promise<void>;
};

/** How often cases are looked at. */
const TICK_MS = 500;
/** What is armed is read when something happened, but not more often, and in any case this often. */
const REFRESH_MS = 200;
const REFRESH_ANYWAY_MS = 5000;
/** Reading it may take this share of the time: one part of so many. */
const MOST_SHARE = 20;
const WOKEN = 'news';
/** The attempt that a machine's URL belonged to is over: it says nothing about the one that is armed. */
const GONE = 410;

/**
 * Watches the boots of armed machines: what the listeners hear and send, and HTTP requests. What is wrong goes into the timeline, packets
 * and findings into the store. Nothing here is waited for before an answer leaves; of machines that are not armed a packet
 * costs one look-up.
 */
export function createBootDoctor(deps: BootDoctorDeps, options: BootDoctorOptions): BootDoctor {
  const { clock, log, meter, sightings, timeline, captures } = deps;
  const roster = createRoster();
  const lately = createLately();
  const armed = createArmedWatch({ ...deps, roster, lately }, options);
  const writer = createCaptureWriter({ captures, clock, log });
  let news = true;
  let notBefore = 0;
  let waking = new AbortController();
  const ours = options.interfaces.map(({ address }) => address.address);
  const interfaces = new Map(options.interfaces.map((each) => [each.name, each]));

  function sawDhcp(found: BootCase, packet: TappedPacket, at: number): void {
    const own = interfaces.get(packet.interface);
    found.keep(packet, own?.address.address ?? packet.local.address, at);
    if (packet.protocol === 'dhcpv6') {
      if (packet.direction === 'in') found.observe({ kind: 'heard', at });
      return;
    }
    const understood = understandPacket(packet, { mode: own?.mode ?? 'full', ours }, at);
    if (understood === undefined) return;
    found.observe(understood.seen);
    if (understood.address !== null) roster.claim(found, understood.address);
    if (packet.protocol === 'proxy') roster.claim(found, packet.remote.address);
  }

  function sawTftp(found: BootCase, packet: TappedPacket, at?: number): void {
    if (!found.sawTftp(packet, at)) return;
    found.keep(packet, packet.local.address, at ?? clock.now());
  }

  function sawPacket(packet: TappedPacket): void {
    if (packet.protocol === 'tftp') {
      const found = roster.ofAddress(packet.remote.address);
      if (found !== undefined) {
        sawTftp(found, packet);
        return;
      }
      // A transfer of a machine that is not armed is nobody's; its request may be of one that was armed just now.
      if (packet.data[1] === TFTP_OPCODE.data || packet.data[1] === TFTP_OPCODE.ack) return;
    } else if (packet.mac !== undefined) {
      const found = roster.ofMac(packet.mac);
      if (found !== undefined) {
        sawDhcp(found, packet, clock.now());
        return;
      }
    }
    const key = packet.protocol === 'tftp' ? packet.remote.address : packet.mac;
    if (key === undefined) return;
    const at = clock.now();
    wakeUp();
    const copy = { ...packet, data: Buffer.from(packet.data) };
    const replay = packet.protocol === 'tftp' ? sawTftp : sawDhcp;
    lately.add(at, [key], (found) => replay(found, copy, at));
  }

  /** To the machine's case; where there is none yet, to the one that may come. */
  function note(keys: readonly string[], found: BootCase | undefined, tell: (found: BootCase) => void): void {
    if (found === undefined) lately.add(clock.now(), keys, tell);
    else tell(found);
  }

  function sawRequest({ address, route, name, machineId, refused, putOff }: WatchedRequest): void {
    if (refused?.status === GONE) return;
    const found = machineId === undefined ? roster.ofAddress(address) : roster.ofMachine(machineId);
    const what = refused !== undefined ? 'refused' : putOff === true ? 'put-off' : 'asked';
    const why = refused === undefined ? {} : { why: refused.why };
    const at = clock.now();
    note([machineId ?? address], found, (each) =>
      each.observe({ kind: 'http', at, what, of: route.kind, file: name, ...why }),
    );
  }

  function sawEvent(machineId: string, { type, data }: NewEvent): void {
    if (type !== 'file.served' && type !== 'boot.ignored' && type !== 'boot.offered') return;
    const at = clock.now();
    const name = String(data.name ?? '');
    const why = String(data.why ?? '');
    note([machineId], roster.ofMachine(machineId), (found) => {
      if (type === 'boot.ignored' && why !== 'other-server-chosen')
        found.observe({ kind: 'unanswered', at, why, ...detailOf(data) });
      else if (type === 'boot.offered' && why !== '') found.observe({ kind: 'stopped', at, why });
      else if (type === 'file.served' && data.protocol === 'tftp') {
        found.tftpServed(at);
        const fetched = grubFile(name);
        if (fetched !== undefined) found.observe({ kind: 'http', at, what: 'served', ...fetched });
      } else if (type === 'file.served')
        found.observe({ kind: 'http', at, what: 'served', of: kindOf(name), file: name });
    });
  }

  function judge(found: BootCase): void {
    const now = clock.now();
    const others = deps.otherServers().map(({ address, mac, proxy }) => ({ address, mac, proxy }));
    if (canonicalJson(others) !== canonicalJson([...found.evidence.others]))
      found.observe({ kind: 'others', at: now, servers: others });
    const { runId, round, machineId } = found.attempt;
    const change = found.judge(now);
    for (const { code, severity, message, hint, evidence } of change.found) {
      meter.count('netboot_findings', { code });
      const data = { code, severity, message, hint, attempt: round, evidence: [...evidence] };
      sightings.saw(machineId, { type: 'boot.diagnosed', source: 'doctor', runId, data });
    }
    for (const { code } of change.over)
      sightings.saw(machineId, { type: 'boot.recovered', source: 'doctor', runId, data: { code, attempt: round } });
  }

  /** The signs that wait for their time, looked at where one is due. */
  function judgeAll(lastAt: number): void {
    for (const found of roster.all()) {
      const due = found.nextLookAt(lastAt);
      if (found.unjudged || (due !== undefined && due <= clock.now())) judge(found);
    }
  }

  /** Something happened that may be the first of an attempt: what is armed is read now, unless it was just read. */
  function wakeUp(): void {
    news = true;
    // An abort without a reason makes an exception with a stack, each time.
    if (!waking.signal.aborted && clock.elapsed() >= notBefore) waking.abort(WOKEN);
  }

  async function serve(signal: AbortSignal): Promise<void> {
    let refreshAt = 0;
    let judgedAt = clock.now();
    let ending: readonly BootCase[] = [];
    using _listening = timeline.onChange(wakeUp);

    async function refresh(): Promise<void> {
      const begun = clock.elapsed();
      news = false;
      notBefore = begun + REFRESH_MS;
      const ended = await armed.refresh();
      for (const each of ended) {
        judge(each);
        each.end(clock.now());
      }
      ending = [...ending.filter((each) => each.unwrittenSince !== null), ...ended];
      await armed.readAwaited();
      notBefore = begun + Math.max(REFRESH_MS, MOST_SHARE * (clock.elapsed() - begun));
      refreshAt = begun + REFRESH_ANYWAY_MS;
    }

    try {
      while (!signal.aborted) {
        const now = clock.elapsed();
        try {
          if (now >= refreshAt || (news && now >= notBefore)) await refresh();
          judgeAll(judgedAt);
          judgedAt = clock.now();
          await writer.write([...ending, ...roster.all()]);
        } catch (error) {
          log.error({ error: errorText(error) }, 'boots could not be watched just now');
          refreshAt = clock.elapsed() + REFRESH_ANYWAY_MS;
          notBefore = refreshAt;
        }
        if (waking.signal.aborted) waking = new AbortController();
        if (news && clock.elapsed() >= notBefore) continue;
        await clock.sleep(TICK_MS, AbortSignal.any([signal, waking.signal])).catch(() => undefined);
      }
    } finally {
      await writer.flush([...ending, ...roster.all()]);
    }
  }

  return {
    tap: { saw: sawPacket },
    requests: { saw: sawRequest },
    sightings: {
      ...sightings,
      saw(machineId, event) {
        sawEvent(machineId, event);
        sightings.saw(machineId, event);
      },
    },
    run: serve,
  };
}

/** What GRUB fetches by TFTP stands for what iPXE fetches by HTTP; see `assets/machine-files.ts`. */
function grubFile(name: string): { readonly of: FetchedKind; readonly file: string } | undefined {
  const file = grubFileOf(name);
  if (file === undefined) return undefined;
  return file === GRUB_CONFIG_NAME ? { of: 'script', file: SCRIPT_NAME } : { of: kindOf(file), file };
}

function kindOf(name: string): FetchedKind {
  if (name === SCRIPT_NAME) return 'script';
  if (name === KERNEL_NAME) return 'kernel';
  return name.startsWith('initrd/') ? 'initrd' : name.startsWith('files/') ? 'file' : 'loader';
}

function detailOf({ detail, architectures }: NewEvent['data']): { readonly detail?: string } {
  const text = [architectures, detail].filter((each) => typeof each === 'string').join(': ');
  return text === '' ? {} : { detail: text };
}
