import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ARM64_GREETING, arm64Program } from './arm64-program.ts';
import { BOOT_TEST_MS, type BootNetwork, bootUntil, makeBootNetwork } from './boot-network.ts';
import { canMakeNamespaces } from './segment.ts';
import { filesNeededBy } from './virtual-machine.ts';

const NEEDED = ['/usr/sbin/dnsmasq', ...filesNeededBy('aavmf-pxe')];
const able = canMakeNamespaces() && NEEDED.every((path) => existsSync(path));
const relayAble = able && existsSync('/usr/sbin/dhcrelay');

describe.skipIf(!able)(
  'arm64 UEFI fetches its loader and runs it (needs root, qemu-system-arm, qemu-efi-aarch64)',
  () => {
    let network: BootNetwork;
    afterEach(() => network[Symbol.dispose]());

    const cells = [
      ['aavmf-pxe', 'neighbour', 'full', false, 'tftp', 11],
      ['aavmf-pxe', 'neighbour', 'proxy', true, 'tftp', 11],
      ['aavmf-http', 'neighbour', 'proxy', false, 'http', 19],
      ['aavmf-http', 'relayed', 'full', false, 'http', 19],
    ] as const;
    it.for(cells)(
      '%s, %s, %s, by port 4011 alone: %s',
      { timeout: BOOT_TEST_MS },
      async ([firmware, place, mode, noBypass, protocol, architecture], { skip }) => {
        skip(place === 'relayed' && !relayAble, 'needs isc-dhcp-relay');
        network = makeBootNetwork(place);
        const loaders = join(network.lab.folder, 'loaders');
        mkdirSync(loaders);
        const file = 'snponly-arm64.efi';
        const program = arm64Program(200_192);
        writeFileSync(join(loaders, file), program);
        const map = { loaders: [{ file, architectures: [11, 19] }] };
        writeFileSync(join(loaders, 'loaders.json'), JSON.stringify(map));
        writeFileSync(join(network.lab.folder, 'kernel'), 'not fetched by a loader that only says that it runs');
        const boot = { kernel: 'kernel', initrds: [], commandLine: '' };
        await network.serve({ mode, boot, firmware: { noBypass }, more: { loaders } });
        await bootUntil(network, firmware, () => network.console().includes(ARM64_GREETING));
        const served = network.events().filter(({ type }) => type === 'file.served');
        expect(served.map(({ data }) => [data.protocol, data.name, data.bytes])).toEqual([
          [protocol, file, program.length],
        ]);
        const asked = network.events().filter(({ type }) => type === 'boot.asked');
        expect(new Set(asked.map(({ data }) => data.architecture))).toEqual(new Set([architecture]));
        expect(asked.some(({ data }) => data.protocol === 'proxy')).toBe(noBypass);
      },
    );
  },
);
