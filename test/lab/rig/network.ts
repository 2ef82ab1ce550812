/**
 * The network of one rig: a namespace for the service under test and one for the machines, joined by two wires.
 *
 *   host ── 10.77.2.x/30 ── host0 [service] eth0 ── 10.77.0.0/24 ── br0 [lab] tapN … machines
 *                                           bmc0 ── 10.77.1.0/24 ── bmc [lab] BMCs
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RUN } from '../cache.ts';
import { bmcAddressOf, SERVICE } from './addresses.ts';
import { must } from './command.ts';

/** The names and addresses of a rig's network. */
export interface RigNetwork {
  readonly serviceNamespace: string;
  readonly labNamespace: string;
  /** The host's end of the link into the service namespace. */
  readonly hostLink: string;
  readonly hostAddress: string;
  /** Where the host reaches what listens in the service namespace. */
  readonly serviceAddress: string;
}

/** All of the lab's namespaces begin with this; what follows is the rig's id. */
export const NAMESPACE_PREFIX = 'bwlab-';

/** The names for a rig; its /30 is the first that no other rig has. */
export function planNetwork(id: string): RigNetwork {
  const base = claimLink(id) * 4;
  return {
    serviceNamespace: `${NAMESPACE_PREFIX}${id}-svc`,
    labNamespace: `${NAMESPACE_PREFIX}${id}-lab`,
    hostLink: hostLinkOf(id),
    hostAddress: `10.77.2.${base + 1}`,
    serviceAddress: `10.77.2.${base + 2}`,
  };
}

/**
 * Takes the host's end of a rig's link away, before another rig may have its addresses. A deleted namespace is cleaned
 * up by the kernel in its own time, and until then two links would carry the same route.
 */
export function cutHostLink(id: string): void {
  spawnSync('ip', ['link', 'del', hostLinkOf(id)], { stdio: 'ignore' });
}

function hostLinkOf(id: string): string {
  return `bwl-${id}`;
}

/** Lays the wires; taps of machines come with `addMachine`. */
export async function layNetwork(net: RigNetwork): Promise<void> {
  const { serviceNamespace: svc, labNamespace: lab, hostLink } = net;
  for (const ns of [svc, lab]) {
    await must(['ip', 'netns', 'add', ns]);
    await ip(ns, 'link set lo up');
  }
  await ip(lab, 'link add br0 type bridge forward_delay 0');
  await ip(lab, 'link set br0 up');
  await ip(lab, `link add lan type veth peer name eth0 netns ${svc}`);
  await ip(lab, 'link set lan master br0 up');
  await ip(lab, `link add bmc type veth peer name bmc0 netns ${svc}`);
  await ip(lab, 'link set bmc up');
  await ip(svc, `addr add ${SERVICE.lan}/24 dev eth0`);
  await ip(svc, `addr add ${SERVICE.bmc}/24 dev bmc0`);
  await ip(svc, 'link set eth0 up');
  await ip(svc, 'link set bmc0 up');
  await must(['ip', 'link', 'add', hostLink, 'type', 'veth', 'peer', 'name', 'host0', 'netns', svc]);
  await must(['ip', 'addr', 'add', `${net.hostAddress}/30`, 'dev', hostLink]);
  await must(['ip', 'link', 'set', hostLink, 'up']);
  await ip(svc, `addr add ${net.serviceAddress}/30 dev host0`);
  await ip(svc, 'link set host0 up');
}

/** Plugs machine `index` in: its tap into the LAN, its BMC's address. */
export async function addMachine(net: RigNetwork, index: number): Promise<void> {
  await ip(net.labNamespace, `addr add ${bmcAddressOf(index)}/24 dev bmc`);
  await ip(net.labNamespace, `tuntap add tap${index} mode tap`);
  await ip(net.labNamespace, `link set tap${index} master br0 up`);
}

/** Takes the cable of machine `index` out or puts it back. */
export async function setCable(net: RigNetwork, index: number, state: 'up' | 'down'): Promise<void> {
  await ip(net.labNamespace, `link set tap${index} ${state}`);
}

async function ip(namespace: string, command: string): Promise<void> {
  await must(['ip', '-n', namespace, ...command.split(' ')]);
}

/** Claims one of the 64 host links by a file that only one rig can create. */
function claimLink(id: string): number {
  mkdirSync(RUN, { recursive: true });
  for (let slot = 0; slot < 64; slot++) {
    try {
      writeFileSync(linkFile(slot), id, { flag: 'wx' });
      return slot;
    } catch {
      // taken by another rig: try the next
    }
  }
  throw new Error(`64 rigs have a link to the host; run test/lab/clean.ts, or remove ${RUN}/link-* if none lives`);
}

/** Gives the host link of rig `id` back. */
export function releaseLink(id: string): void {
  for (let slot = 0; slot < 64; slot++) {
    try {
      if (readFileSync(linkFile(slot), 'utf8') === id) rmSync(linkFile(slot));
    } catch {
      // not claimed
    }
  }
}

function linkFile(slot: number): string {
  return join(RUN, `link-${slot}`);
}
