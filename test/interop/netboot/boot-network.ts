import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FirmwareSpec } from '../../../src/domain/boot/firmware-spec.ts';
import type { NetbootOptions } from '../../../src/netboot/netboot.ts';
import type { InterfaceOptions } from '../../../src/netboot/options.ts';
import { type End, type Lab, makeLab } from './lab.ts';
import type { ServeOrder } from './serve.ts';
import type { ServedEvents } from './serving.ts';
import { type Firmware, machineCommand, romCommand, TAP } from './virtual-machine.ts';

/**
 * Where the machine is.
 *
 *   neighbour  on the service's own segment
 *   relayed    on a segment of its own, behind a router that runs ISC dhcrelay, with option 82
 */
export type Place = 'neighbour' | 'relayed';

export const SERVICE = '10.93.0.1';
export const MACHINE: Readonly<Record<Place, string>> = { neighbour: '10.93.0.11', relayed: '10.96.0.11' };
const MAC = '52:54:00:77:09:01';
/** Where a DHCP server that is not ours stands. */
const OTHER: Readonly<Record<Place, string>> = { neighbour: '10.93.0.5', relayed: '10.97.0.5' };
const ROUTER = { up: '10.93.0.2', down: '10.96.0.1', aside: '10.97.0.1' };

export type BootOrder = {
  readonly mode: InterfaceOptions['mode'];
  readonly boot: NonNullable<ServeOrder['boot']>;
  readonly firmware?: FirmwareSpec;
  readonly further?: ServeOrder['further'];
  readonly more?: Partial<NetbootOptions>;
};

/** The service, a virtual machine and the network between them; all of it ends with it. */
export type BootNetwork = Disposable & {
  readonly lab: Lab;
  readonly place: Place;
  /** Starts the service, and in mode `proxy` the other DHCP server. Files that are served lie in the lab's folder. */
  serve(order: BootOrder): Promise<void>;
  powerOn(firmware: Firmware, script?: string): void;
  powerOff(): Promise<void>;
  /** What the service told since the machine was last switched on. */
  events(): ServedEvents['events'];
  /** The files among it: `tftp ipxe.efi`. */
  served(): readonly string[];
  /** What the machine wrote to its serial line since then, and QEMU's complaints. */
  console(): string;
};

/** @param place the machine is `m`, with its card on a bridge; the service is `s` */
export function makeBootNetwork(place: Place): BootNetwork {
  const lab = makeLab(CABLES[place]);
  const bridge = ['ip', 'link'] as const;
  lab.run('m', ...bridge, 'add', 'br0', 'type', 'bridge', 'forward_delay', '0');
  lab.run('m', 'ip', 'tuntap', 'add', TAP, 'mode', 'tap');
  for (const port of ['eth0', TAP]) lab.run('m', ...bridge, 'set', port, 'master', 'br0', 'up');
  lab.run('m', ...bridge, 'set', 'br0', 'up');
  if (place === 'neighbour') {
    lab.run('m', 'ip', 'addr', 'add', `${OTHER.neighbour}/24`, 'dev', 'br0');
  } else {
    lab.run('s', 'ip', 'route', 'add', '10.96.0.0/24', 'via', ROUTER.up);
    lab.run('d', 'ip', 'route', 'add', '10.96.0.0/24', 'via', ROUTER.aside);
  }
  const running: ChildProcess[] = [];
  let told: ServedEvents['events'] = [];
  let since = 0;
  const events = (): ServedEvents['events'] => told.slice(since);
  const consolePath = join(lab.folder, 'console.log');
  const complaintsPath = join(lab.folder, 'qemu.log');
  return {
    ...{ lab, place, events },
    async serve({ mode, boot, firmware, further, more }) {
      if (mode === 'proxy') startOtherServer(lab, place);
      if (place === 'relayed') startRelay(lab, mode);
      const options: NetbootOptions = {
        ...{ interfaces: [ownInterface(place, mode)], http: { port: 8480 }, assets: [lab.folder] },
        // A machine that is switched off and on again because this one is slow has no other loader coming to it.
        loaderPatienceSeconds: 3600,
        ...more,
      };
      const machine = { mac: MAC, address: MACHINE[place] };
      const order = { options, machine, boot, ...(firmware && { firmware }), ...(further && { further }) };
      told = (await lab.serve('s', order)).events;
    },
    powerOn(firmware, script) {
      since = told.length;
      for (const path of [consolePath, complaintsPath]) writeFileSync(path, '');
      const command = machineCommand(firmware, { folder: lab.folder, mac: MAC, ...(script && { script }) });
      if (firmware === 'seabios-pxe') running.push(lab.start('m', ...asWords(romCommand())));
      running.push(lab.start('m', 'sh', '-c', 'exec "$@" 2>> qemu.log', 'sh', ...command));
    },
    async powerOff() {
      for (const child of running.splice(0)) {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        if (child.exitCode === null && child.kill('SIGKILL')) await ended;
      }
    },
    served: () =>
      events()
        .filter(({ type }) => type === 'file.served')
        .map(({ data }) => `${data.protocol} ${data.name}`),
    console: () => [consolePath, complaintsPath].map((path) => readFileSync(path, 'latin1')).join(''),
    [Symbol.dispose]: () => lab[Symbol.dispose](),
  };
}

/** Switched off and on again once: firmware hangs now and then when its processor is emulated. */
const BOOTS = 2;
const BOOT_MS = 150_000;
/** A test's time for one machine that comes up. */
export const BOOT_TEST_MS = BOOTS * BOOT_MS + 20_000;

/**
 * Switches the machine on, and waits until it got there; when it does not, once more.
 * @param reached looks at what was told and shown since it was switched on
 * @param script for `lkrn`: a file with what iPXE runs
 * @param ms the time of one try
 * @throws Error with where it stood, when it did not get there the second time either
 */
export async function bootUntil(
  network: BootNetwork,
  firmware: Firmware,
  reached: () => boolean,
  { script, ms = BOOT_MS }: { readonly script?: string; readonly ms?: number } = {},
): Promise<void> {
  for (let boots = 1; ; boots++) {
    network.powerOn(firmware, script);
    for (const ends = performance.now() + ms; performance.now() < ends; await sleep(250)) if (reached()) return;
    await network.powerOff();
    const told = network.events().map(({ type, data }) => `${type} ${JSON.stringify(data)}`);
    const where = `${firmware} did not get there in ${ms} ms: ${told.join('; ')}; screen: ${network.console().slice(-600)}`;
    if (boots === BOOTS) throw new Error(where);
    console.warn(`${where}; switched off and on again`);
  }
}

/** A command that is there has a first word. */
function asWords([command = '', ...args]: readonly string[]): [string, ...string[]] {
  return [command, ...args];
}

const CABLES: Readonly<Record<Place, readonly (readonly [End, End])[]>> = {
  neighbour: [
    [
      { host: 's', card: 'eth0', address: `${SERVICE}/24` },
      { host: 'm', card: 'eth0' },
    ],
  ],
  relayed: [
    [
      { host: 's', card: 'eth0', address: `${SERVICE}/24` },
      { host: 'r', card: 'up0', address: `${ROUTER.up}/24` },
    ],
    [
      { host: 'd', card: 'eth0', address: `${OTHER.relayed}/24` },
      { host: 'r', card: 'aside0', address: `${ROUTER.aside}/24` },
    ],
    [
      { host: 'r', card: 'down0', address: `${ROUTER.down}/24` },
      { host: 'm', card: 'eth0' },
    ],
  ],
};

function ownInterface(place: Place, mode: BootOrder['mode']): InterfaceOptions {
  const own = { name: 'eth0', address: { address: SERVICE, prefixLength: 24 }, mode, leaseSeconds: 600, dns: [] };
  if (place === 'neighbour') return own;
  const subnet = { network: { address: '10.96.0.0', prefixLength: 24 }, router: ROUTER.down };
  // A proxy tells of no network.
  return { ...own, relayedOnly: true, ...(mode === 'proxy' ? {} : { subnets: [subnet] }) };
}

/** dnsmasq, which gives the machine the address that is declared for it, and boots nothing. */
function startOtherServer(lab: Lab, place: Place): void {
  const [host, card] = place === 'neighbour' ? (['m', 'br0'] as const) : (['d', 'eth0'] as const);
  const range = place === 'neighbour' ? `${OTHER.neighbour},static` : '10.96.0.0,static,255.255.255.0';
  const router = place === 'neighbour' ? [] : [`--dhcp-option=option:router,${ROUTER.down}`];
  lab.start(
    host,
    ...(['dnsmasq', '-k', '-C', '/dev/null', '-p', '0', '-i', card, '-I', 'lo', '--user=root', '--pid-file'] as const),
    ...['--dhcp-leasefile=/dev/null', `--dhcp-host=${MAC},${MACHINE[place]}`, `--dhcp-range=${range}`, ...router],
  );
}

/** Beside another server the relay asks both. */
function startRelay(lab: Lab, mode: BootOrder['mode']): void {
  const beside = mode === 'proxy';
  const servers = beside ? [SERVICE, OTHER.relayed] : [SERVICE];
  const upstream = ['-iu', 'up0', ...(beside ? ['-iu', 'aside0'] : [])];
  lab.start('r', 'dhcrelay', '-4', '-d', '-a', '-id', 'down0', ...upstream, ...servers);
}
