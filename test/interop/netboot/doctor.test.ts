import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { FirmwareSpec } from '../../../src/domain/boot/firmware-spec.ts';
import type { InterfaceOptions } from '../../../src/netboot/options.ts';
import { type Lab, makeLab } from './lab.ts';
import { canMakeNamespaces } from './segment.ts';
import type { ServedEvents } from './serving.ts';

const able = canMakeNamespaces() && existsSync('/usr/sbin/nft');
const MAC = '52:54:00:93:00:01';
const UUID = '4c4c4544-0033-4a10-8052-b4c04f4d3432';
const [SERVICE, OTHER, MACHINE] = ['10.93.0.1', '10.93.0.5', '10.93.0.11'] as const;

/** Service, machine and another DHCP server on one bridge; the machine's card has its address, since nothing sets it by DHCP. */
function makeSegmentOfThree(): Lab {
  const hub = (host: string, card: string, more: { readonly mac?: string; readonly address?: string }) =>
    [
      { host: 'h', card },
      { host, card: 'eth0', ...more },
    ] as const;
  const lab = makeLab([
    hub('s', 'p0', { address: `${SERVICE}/24` }),
    hub('d', 'p1', { address: `${OTHER}/24` }),
    hub('a', 'p2', { mac: MAC, address: `${MACHINE}/24` }),
  ]);
  lab.run('h', 'ip', 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0');
  for (const port of ['p0', 'p1', 'p2']) lab.run('h', 'ip', 'link', 'set', port, 'master', 'br0');
  lab.run('h', 'ip', 'link', 'set', 'br0', 'up');
  lab.run('a', 'ip', 'route', 'add', 'default', 'dev', 'eth0');
  return lab;
}

describe.skipIf(!able)('the boot doctor on a segment of namespaces (needs root and nft)', { timeout: 90_000 }, () => {
  let lab: Lab;
  afterEach(() => lab[Symbol.dispose]());

  /** Drops what comes in there. */
  function drop(host: string, what: string): void {
    lab.run(host, 'nft', 'add', 'table', 'ip', 'f');
    lab.run(host, 'nft', 'add chain ip f input { type filter hook input priority 0; }');
    const added = lab.run(host, 'nft', `add rule ip f input ${what} drop`);
    expect(added.status, String(added.stderr)).toBe(0);
  }

  async function serve(own: Partial<InterfaceOptions> = {}, firmware: FirmwareSpec = {}): Promise<ServedEvents> {
    const names = ['undionly.kpxe', 'ipxe.efi', 'snponly.efi', 'vmlinuz', 'initrd.img'];
    for (const name of names) writeFileSync(join(lab.folder, name), name.repeat(1000));
    const served: InterfaceOptions = {
      ...{ name: 'eth0', address: { address: SERVICE, prefixLength: 24 }, mode: 'full', leaseSeconds: 600, dns: [] },
      ...own,
    };
    return await lab.serve('s', {
      options: { interfaces: [served], http: { port: 8480 }, assets: [lab.folder], loaders: lab.folder },
      machine: { mac: MAC, address: MACHINE },
      boot: { kernel: 'vmlinuz', initrds: ['initrd.img'], commandLine: 'console=ttyS0' },
      ...{ watched: true, firmware },
    });
  }

  function boot(seconds: number, more: object = {}): string {
    const client = { mac: MAC, uuid: UUID, firmware: 'uefi', link: { kind: 'broadcast' }, patienceMs: 300, ...more };
    const script = join(import.meta.dirname, 'pxe-boot.ts');
    return String(lab.run('a', process.execPath, script, JSON.stringify(client), String(seconds)).stdout).trim();
  }

  const findings = ({ events }: ServedEvents) =>
    events.filter(({ type }) => type === 'boot.diagnosed').map(({ data }) => data);

  /** What is found when a minute has passed, and nothing else. */
  async function found(served: ServedEvents): Promise<Readonly<Record<string, unknown>>> {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    served.leap();
    await expect.poll(() => findings(served).length, { timeout: 10_000 }).toBe(1);
    return findings(served)[0] ?? {};
  }

  /** The capture that was written last, as a file. */
  async function capture(served: ServedEvents): Promise<string> {
    served.leap();
    const captures = () => served.events.filter(({ type }) => type === 'capture');
    await expect.poll(() => captures().length, { timeout: 15_000 }).toBeGreaterThan(0);
    const file = join(lab.folder, 'boot.pcap');
    writeFileSync(file, Buffer.from(String(captures().at(-1)?.data.pcap), 'base64'));
    return file;
  }

  it.skipIf(!existsSync('/usr/sbin/dnsmasq'))('a dnsmasq that wins, by its address and MAC', async () => {
    lab = makeSegmentOfThree();
    const range = ['--no-ping', '--dhcp-range=10.93.0.200,10.93.0.210', '--dhcp-leasefile=/dev/null', '--pid-file'];
    lab.start('d', 'dnsmasq', '-k', '-C', '/dev/null', '-p', '0', '-i', 'eth0', '--user=root', ...range);
    await new Promise((resolve) => setTimeout(resolve, 500));
    // We wait a second before we answer; the other one does not. Its MAC is known where this host has spoken with it.
    const served = await serve({ minimumSecs: 1 });
    lab.run('s', 'busybox', 'ping', '-c', '1', '-W', '1', OTHER);
    expect(boot(10)).toContain('gave 52:54:00:93:00:01 an address and nothing to boot');
    const { code, message } = await found(served);
    expect(code).toBe('other-server-chosen');
    expect(message).toMatch(/10\.93\.0\.5 \(MAC ([0-9a-f]{2}:?){6}\)/);
  });

  it('offers that do not reach the machine', async () => {
    lab = makeSegmentOfThree();
    const served = await serve();
    drop('a', 'udp dport 68');
    expect(boot(10, { tries: 3 })).toContain('no answer');
    expect(await found(served)).toMatchObject({ code: 'offer-not-taken' });
  });

  it('UDP port 4011 filtered', async () => {
    lab = makeSegmentOfThree();
    const served = await serve({}, { noBypass: true });
    drop('s', 'udp dport 4011');
    expect(boot(10, { tries: 3 })).toContain('no answer');
    expect(await found(served)).toMatchObject({ code: 'boot-server-filtered' });
  });

  it('answers of UDP port 4011 filtered', async () => {
    lab = makeSegmentOfThree();
    const served = await serve({}, { noBypass: true });
    drop('a', 'udp sport 4011');
    expect(boot(10, { tries: 4 })).toContain('no answer');
    const { code, message } = await found(served);
    expect([code, message]).toEqual(['boot-server-filtered', expect.stringContaining('4 times')]);
  });

  it('what TFTP sends filtered, as a firewall that knows no TFTP does', async () => {
    lab = makeSegmentOfThree();
    const served = await serve();
    drop('a', 'udp sport 1024-65535');
    expect(boot(8, { tries: 4 })).toContain('fell silent');
    expect(await found(served)).toMatchObject({ code: 'tftp-replies-lost' });
  });

  /** A boot whose script cannot be fetched, up to its capture. */
  async function captureWithoutHttp(): Promise<string> {
    lab = makeSegmentOfThree();
    const served = await serve();
    drop('s', 'tcp dport 8480');
    expect(boot(6)).toMatch(/^failed/);
    expect(await found(served)).toMatchObject({ code: 'script-not-fetched' });
    return await capture(served);
  }

  it('the TCP port of boot files filtered; tcpdump reads the packets without complaint', async () => {
    const file = await captureWithoutHttp();
    const { stdout, stderr, status } = spawnSync('tcpdump', ['-nvv', '-r', file], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    // iPXE's user class is not framed as RFC 3004 has it, which tcpdump says of iPXE's own packets too.
    expect(stdout.match(/invalid/g)).toHaveLength(2);
    expect(stdout).not.toMatch(/bad|truncated|malformed|incorrect|\[\|/i);
    expect(stdout).toContain('[udp sum ok]');
    expect(stdout.match(/BOOTP\/DHCP/g)?.length).toBe(8);
    expect(stdout).toContain('/boot/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx/script.ipxe');
    expect(stdout).toMatch(/10\.93\.0\.11\.68 > 255\.255\.255\.255\.67/);
    expect(stdout).toMatch(/10\.93\.0\.1\.67 > 255\.255\.255\.255\.68/);
  });

  it.skipIf(!existsSync('/usr/bin/tshark'))('tshark reads the packets without complaint', async () => {
    const file = await captureWithoutHttp();
    const shark = spawnSync('tshark', ['-r', file, '-o', 'udp.check_checksum:TRUE', '-V'], { encoding: 'utf8' });
    expect(shark.status, shark.stderr).toBe(0);
    expect(shark.stdout).toContain('Checksum Status: Good');
    expect(shark.stdout).not.toMatch(/Checksum Status: Bad|Malformed/);
  });

  it('nothing, where nothing is filtered', async () => {
    lab = makeSegmentOfThree();
    const served = await serve();
    expect(boot(15)).toBe(`booted ${MACHINE}`);
    for (let minute = 0; minute < 5; minute++) {
      served.leap();
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
    expect(findings(served)).toEqual([]);
    expect(served.events.findLast(({ type }) => type === 'capture')?.data.marks).toContain('files');
  });
});
