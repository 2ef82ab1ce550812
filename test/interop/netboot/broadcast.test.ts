import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NetbootOptions } from '../../../src/netboot/netboot.ts';
import {
  canMakeNamespaces,
  MACHINE_ADDRESS,
  makeSegment,
  readIfThere,
  SERVICE_ADDRESS,
  type Segment,
} from './segment.ts';
import type { ServedEvents } from './serving.ts';

const namespaces = canMakeNamespaces();

describe.skipIf(!namespaces)('DHCP by real broadcast, on a segment of namespaces (needs root)', () => {
  let segment: Segment;
  let served: ServedEvents;
  beforeAll(async () => {
    segment = makeSegment();
    for (const name of ['undionly.kpxe', 'ipxe.efi', 'snponly.efi']) writeFileSync(join(segment.folder, name), name);
    const options: NetbootOptions = {
      interfaces: [
        {
          name: 'eth0',
          address: { address: SERVICE_ADDRESS, prefixLength: 24 },
          mode: 'full',
          leaseSeconds: 600,
          router: SERVICE_ADDRESS,
          dns: ['10.93.0.53'],
        },
      ],
      http: { port: 8480 },
      assets: [],
      loaders: segment.folder,
    };
    served = await segment.serve({ options });
  });
  afterAll(() => segment[Symbol.dispose]());

  it.skipIf(!existsSync('/usr/bin/busybox'))('busybox udhcpc gets address, mask, router and name server', () => {
    const script = join(segment.folder, 'udhcpc.sh');
    const out = join(segment.folder, 'udhcpc.out');
    writeFileSync(script, `#!/bin/sh\necho "$1 $ip $subnet $router $dns $serverid $lease" >> ${out}\n`, {
      mode: 0o755,
    });
    const result = segment.client(
      'busybox',
      'udhcpc',
      '-i',
      'eth0',
      '-n',
      '-q',
      '-f',
      '-t',
      '3',
      '-T',
      '1',
      '-s',
      script,
    );
    expect(result.status, String(result.stderr)).toBe(0);
    expect(readIfThere(out)).toContain(
      `bound ${MACHINE_ADDRESS} 255.255.255.0 ${SERVICE_ADDRESS} 10.93.0.53 ${SERVICE_ADDRESS} 600`,
    );
  });

  it.skipIf(!existsSync('/usr/sbin/dhclient'))(
    'ISC dhclient gets the same address with an identifier of its own',
    () => {
      const leases = join(segment.folder, 'dhclient.leases');
      const config = join(segment.folder, 'dhclient.conf');
      writeFileSync(config, 'send dhcp-client-identifier "another-stage";\ntimeout 10;\n');
      const pid = join(segment.folder, 'dhclient.pid');
      const result = segment.client(
        'dhclient',
        '-1',
        '-v',
        '-sf',
        '/bin/true',
        '-cf',
        config,
        '-lf',
        leases,
        '-pf',
        pid,
        'eth0',
      );
      segment.client('dhclient', '-x', '-sf', '/bin/true', '-cf', config, '-lf', leases, '-pf', pid, 'eth0');
      expect(result.status, String(result.stderr)).toBe(0);
      expect(readIfThere(leases)).toContain(`fixed-address ${MACHINE_ADDRESS};`);
    },
  );

  it('the npm package dhcp gets it too', () => {
    const result = segment.client(process.execPath, join(import.meta.dirname, 'npm-dhcp-client.cjs'), segment.mac);
    expect(String(result.stdout)).toContain(`"bound":"${MACHINE_ADDRESS}"`);
    expect(result.status).toBe(0);
  });

  it('nothing left by another card, and the lease is in the timeline', async () => {
    await expect.poll(() => served.events.map(({ type }) => type)).toContain('lease.granted');
    expect(served.events.find(({ type }) => type === 'lease.granted')?.data.address).toBe(MACHINE_ADDRESS);
    expect(segment.leftElsewhere()).toBe(0);
  });

  it('the counter that says so does count', () => {
    const before = segment.leftElsewhere();
    segment.pokeElsewhere();
    expect(segment.leftElsewhere()).toBeGreaterThan(before);
  });
});
