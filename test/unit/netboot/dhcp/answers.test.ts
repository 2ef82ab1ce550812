import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../../src/foundation/log.ts';
import { createMeter } from '../../../../src/foundation/meter.ts';
import { createBootDirectory } from '../../../../src/netboot/boot-directory.ts';
import { createBootProgress, createForgetfulLoaderMemory } from '../../../../src/netboot/boot-progress.ts';
import { type Answer, createFullAnswerer } from '../../../../src/netboot/dhcp/answer-full.ts';
import { createBootDesk } from '../../../../src/netboot/dhcp/boot-desk.ts';
import { createLeaseBook } from '../../../../src/netboot/dhcp/lease-book.ts';
import { createLeaseTable } from '../../../../src/netboot/dhcp/lease-table.ts';
import { createOtherServers } from '../../../../src/netboot/dhcp/other-servers.ts';
import { subnetsOf } from '../../../../src/netboot/dhcp/subnets.ts';
import { type ClientMessageType, understandDhcp } from '../../../../src/netboot/dhcp/understand.ts';
import { createInventory } from '../../../../src/netboot/inventory.ts';
import type { InterfaceOptions } from '../../../../src/netboot/options.ts';
import { createSightings } from '../../../../src/netboot/sightings.ts';
import { createStrangers } from '../../../../src/netboot/strangers.ts';
import { encodeDhcpMessage, MESSAGE_TYPE } from '../../../../src/protocols/dhcp/message.ts';
import { addressesValue, addressOption, u32Option } from '../../../../src/protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../../../src/protocols/dhcp/options.ts';
import { clientMessage } from '../../../../src/simulator/pxe-client/messages.ts';
import { loaderNames } from '../../../support/loader-names.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import {
  memoryAttempts,
  memoryLeases,
  memoryMachines,
  memoryTimeline,
  sampleMachine,
} from '../../../support/netboot-ports.ts';

const SERVER = '10.0.0.1';
const [KNOWN, SECOND, STRANGER] = ['52:54:00:00:00:01', '52:54:00:00:00:02', '52:54:00:00:00:99'] as const;
const fixed = { bytes: (length: number) => Buffer.alloc(length, 0x22) };
const own: InterfaceOptions = {
  name: 'eth0',
  address: { address: SERVER, prefixLength: 24 },
  mode: 'full',
  leaseSeconds: 3600,
  dns: [],
  pool: { from: '10.0.0.100', to: '10.0.0.103' },
};
const anyone: Partial<InterfaceOptions> = { pool: { from: '10.0.0.100', to: '10.0.0.103', anyone: true } };

type Ask = {
  readonly mac?: string;
  readonly speaker?: 'firmware' | 'system';
  readonly requested?: string;
  readonly server?: string;
  readonly ciaddr?: string;
  readonly giaddr?: string;
  readonly secs?: number;
  readonly relay?: string;
};

function server(more: Partial<InterfaceOptions> = {}) {
  const where = { ...own, ...more };
  const clock = createManualClock();
  const [timeline, meter, log] = [memoryTimeline(clock.now), createMeter(), silentLog];
  const spec = { name: 'm1', macs: [KNOWN, SECOND], address: '10.0.0.11' };
  const machines = memoryMachines([sampleMachine({ ...spec, dhcpOptions: [{ code: 42, addresses: ['10.0.0.7'] }] })]);
  const inventory = createInventory({ machines, clock });
  const directory = createBootDirectory({ machines: inventory, attempts: memoryAttempts(clock.now) });
  const sightings = createSightings({ timeline, clock, log, meter });
  const strangers = createStrangers({ clock, log, meter });
  const progress = createBootProgress({ memory: createForgetfulLoaderMemory(), clock, log });
  const parts = { mode: where.mode, loaders: loaderNames({}), scriptBaseUrl: 'http://10.0.0.1' };
  const desk = createBootDesk({ directory, sightings, strangers, progress }, parts);
  const network = { neighbours: async () => [] };
  const seen = { name: 'eth0', ours: [SERVER], expected: where.mode !== 'full' };
  const otherServers = createOtherServers({ clock, log, meter, network }, seen);
  const store = memoryLeases();
  const leases = createLeaseTable({ leases: store });
  const subnets = subnetsOf(where);
  const book = createLeaseBook({ leases, inventory, clock, log }, where, subnets);
  const answerer = createFullAnswerer({ desk, book, directory, sightings, otherServers, log }, where, subnets);
  const signal = new AbortController().signal;

  async function ask(type: ClientMessageType, { mac = KNOWN, speaker = 'system', ...asked }: Ask = {}) {
    const identity = { mac, uuid: '4c4c4544-0033-4a10-8052-b4c04f4d3432', firmware: 'uefi' } as const;
    const { giaddr = '0.0.0.0', secs = 0, relay, ...rest } = asked;
    const base = clientMessage(fixed, identity, { type: 'request', speaker, ...rest });
    const options = new Map(base.options).set(DHCP_OPTION.messageType, Buffer.from([MESSAGE_TYPE[type]]));
    if (relay !== undefined) options.set(82, Buffer.from(relay, 'hex'));
    const request = understandDhcp(encodeDhcpMessage({ ...base, giaddr, secs, options }));
    if (typeof request === 'string') throw new Error(request);
    return answerer.answer(request, signal);
  }
  return { clock, ask, store, timeline, sightings, otherServers };
}

/** `ack 10.0.0.11 for 3600 s by 10.0.0.1`. */
function told(answer: Answer | undefined): string {
  if (answer === undefined) return 'nothing';
  const { options, yiaddr } = answer.reply;
  const seconds = u32Option(options, DHCP_OPTION.leaseTime);
  const by = addressOption(options, DHCP_OPTION.serverIdentifier);
  return `${answer.type} ${yiaddr}${seconds === undefined ? '' : ` for ${seconds} s`} by ${by}`;
}

describe('mode full', () => {
  it.each<[string, ClientMessageType, Ask, string]>([
    ['a discover', 'discover', {}, `offer 10.0.0.11 for 3600 s by ${SERVER}`],
    ['a boot ROM: briefly', 'discover', { speaker: 'firmware' }, `offer 10.0.0.11 for 240 s by ${SERVER}`],
    ['a further card', 'discover', { mac: SECOND }, `offer 10.0.0.100 for 3600 s by ${SERVER}`],
    ['a stranger', 'discover', { mac: STRANGER }, 'nothing'],
    ['selecting', 'request', { requested: '10.0.0.11', server: SERVER }, `ack 10.0.0.11 for 3600 s by ${SERVER}`],
    ['selecting another server', 'request', { requested: '10.0.0.66', server: '10.0.0.9' }, 'nothing'],
    [
      'selecting what it was not offered',
      'request',
      { requested: '10.0.0.66', server: SERVER },
      `nak 0.0.0.0 by ${SERVER}`,
    ],
    ['init-reboot', 'request', { requested: '10.0.0.11' }, `ack 10.0.0.11 for 3600 s by ${SERVER}`],
    ['init-reboot, wrong', 'request', { requested: '192.168.1.5' }, `nak 0.0.0.0 by ${SERVER}`],
    ['init-reboot of a stranger', 'request', { mac: STRANGER, requested: '192.168.1.5' }, 'nothing'],
    ['renewing', 'request', { ciaddr: '10.0.0.11' }, `ack 10.0.0.11 for 3600 s by ${SERVER}`],
    ['inform', 'inform', { ciaddr: '10.0.0.11' }, `ack 0.0.0.0 by ${SERVER}`],
    ['inform without an address', 'inform', {}, 'nothing'],
    ['from a network that is not listed', 'discover', { giaddr: '10.9.0.1' }, 'nothing'],
  ])('%s', async (_name, type, asked, expected) => {
    expect(told(await server().ask(type, asked))).toBe(expected);
  });

  it("sends a machine its own options, and is called what the relay's sub-option says", async () => {
    const { ask } = server();
    const asked = { giaddr: '10.0.0.254', relay: '0b040a0000fe' };
    const offer = await ask('discover', asked);
    expect(told(offer)).toBe('offer 10.0.0.11 for 3600 s by 10.0.0.254');
    expect(offer?.reply.options.get(42)).toEqual(addressesValue(['10.0.0.7']));
    const chosen = { ...asked, requested: '10.0.0.11', server: '10.0.0.254' };
    expect(told(await ask('request', chosen))).toBe('ack 10.0.0.11 for 3600 s by 10.0.0.254');
  });

  it('serves strangers where the pool is open to anyone, and never refuses them in vain', async () => {
    const { ask, store, timeline } = server(anyone);
    expect(told(await ask('discover', { mac: STRANGER }))).toBe(`offer 10.0.0.100 for 3600 s by ${SERVER}`);
    const selecting = { mac: STRANGER, requested: '10.0.0.100', server: SERVER };
    expect(told(await ask('request', selecting))).toBe(`ack 10.0.0.100 for 3600 s by ${SERVER}`);
    expect(await store.ofAddress('10.0.0.100')).toMatchObject({ mac: STRANGER, state: 'bound' });
    expect(told(await ask('request', { mac: '52:54:00:00:00:98', requested: '192.168.1.5' }))).toBe('nothing');
    expect(told(await ask('request', { mac: '52:54:00:00:00:98', requested: '10.0.0.100' }))).toBe('nothing');
    expect(timeline.events).toEqual([]);
  });

  it('takes back what is released, and sets aside what is declined', async () => {
    const { ask, store, sightings, timeline } = server();
    await ask('discover', { mac: SECOND });
    await ask('request', { mac: SECOND, requested: '10.0.0.100', server: SERVER });
    await ask('release', { mac: KNOWN, ciaddr: '10.0.0.100' });
    expect(await store.ofAddress('10.0.0.100')).toBeDefined();
    await ask('release', { mac: SECOND, ciaddr: '10.0.0.100' });
    expect(await store.ofAddress('10.0.0.100')).toBeUndefined();
    expect(told(await ask('discover', { mac: SECOND }))).toContain('10.0.0.101');
    await ask('decline', { mac: SECOND, requested: '10.0.0.101' });
    expect(await store.ofAddress('10.0.0.101')).toMatchObject({ state: 'declined' });
    expect(told(await ask('discover', { mac: SECOND }))).toContain('10.0.0.102');
    await sightings.settled();
    expect(timeline.events.map(({ data }) => data.why)).toContain('address-in-use');
  });

  it('waits for those that say how long they have tried', async () => {
    const { ask } = server({ minimumSecs: 4 });
    expect(told(await ask('discover', { secs: 3 }))).toBe('nothing');
    expect(told(await ask('discover', { secs: 4 }))).toContain('offer');
    expect(told(await ask('request', { requested: '10.0.0.11', server: SERVER }))).toContain('ack');
  });

  it('notes which other server was chosen, of neighbours only', async () => {
    const { ask, otherServers, sightings, timeline } = server();
    await ask('request', { mac: STRANGER, requested: '10.0.0.66', server: '10.0.0.9' });
    await ask('request', { giaddr: '10.0.0.254', requested: '10.0.0.66', server: '10.0.0.8' });
    expect(otherServers.list()).toEqual([
      expect.objectContaining({ interface: 'eth0', address: '10.0.0.9', how: 'choice' }),
    ]);
    await sightings.settled();
    expect(timeline.events.map(({ type, data }) => [type, data.why, data.server])).toEqual([
      ['boot.ignored', 'other-server-chosen', '10.0.0.8'],
    ]);
  });
});

describe('mode reservations', () => {
  it.each<[string, ClientMessageType, Ask, string]>([
    ['a declared machine', 'discover', {}, `offer 10.0.0.11 for 3600 s by ${SERVER}`],
    ['its further card', 'discover', { mac: SECOND }, 'nothing'],
    ['a stranger', 'discover', { mac: STRANGER }, 'nothing'],
    ['selecting', 'request', { requested: '10.0.0.11', server: SERVER }, `ack 10.0.0.11 for 3600 s by ${SERVER}`],
    ["another server's lease, after a reboot", 'request', { requested: '10.0.0.66' }, 'nothing'],
    ["another server's lease, renewed", 'request', { ciaddr: '10.0.0.66' }, 'nothing'],
    ['our own address', 'request', { requested: SERVER }, `nak 0.0.0.0 by ${SERVER}`],
  ])('%s', async (_name, type, asked, expected) => {
    expect(told(await server({ ...anyone, mode: 'reservations' }).ask(type, asked))).toBe(expected);
  });
});
