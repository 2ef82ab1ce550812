import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemEntropy } from '../../src/foundation/entropy.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { systemUdp } from '../../src/foundation/udp.ts';
import { PrivilegeLevel } from '../../src/protocols/ipmi/privilege-level.ts';
import type { SimulatedMachineSpec } from '../../src/simulator/machine/spec.ts';
import type { PxeClientOptions } from '../../src/simulator/pxe-client/options.ts';
import { type RackedMachine, rackMachine } from '../../src/simulator/rack.ts';
import { newSshKey } from '../../src/simulator/ssh/ssh-key.ts';

/** Planted values that must show up nowhere; blanks on purpose. */
export const SITE_SECRETS = { passphrase: 'open sesame 42 planted', bmcPassword: 'bmc-planted-77' } as const;

export type SiteOptions = {
  /** Default 1. */
  readonly machines?: number;
  /** What is netbooted. Default initramfs. */
  readonly flavour?: 'initramfs' | 'systemd';
  readonly firmware?: PxeClientOptions['firmware'];
  readonly dhcp?: 'full' | 'proxy';
  readonly simulated?: Partial<SimulatedMachineSpec>;
  /** Fields merged into each machine's declaration. */
  readonly declared?: Readonly<Record<string, unknown>>;
  /** What the service believes the passphrase to be. Default: the right one. */
  readonly passphrase?: string;
};

/** Simulated machines on loopback, and a service configuration that reaches them. */
export type SimulatedSite = AsyncDisposable & {
  readonly folder: string;
  readonly configFile: string;
  readonly machines: readonly RackedMachine[];
  readonly names: readonly string[];
  readonly apiUrl: string;
  /** Replaces the passphrase that the service reads. */
  setPassphrase(passphrase: string): void;
  /** Writes the configuration again with other declarations. */
  declare(change: Readonly<Record<string, unknown>>): void;
};

/** Sites of one process must not share addresses or ports. */
let sites = 0;

export async function createSimulatedSite(options: SiteOptions = {}): Promise<SimulatedSite> {
  const { flavour = 'initramfs' } = options;
  const net = `127.${20 + (process.pid % 100)}.${sites++ % 250}`;
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-site-'));
  const stop = new AbortController();
  const parts = { udp: systemUdp, clock: systemClock, entropy: systemEntropy, log: silentLog };
  const secret = (name: string, value: string): string => {
    writeFileSync(join(folder, name), value, { mode: 0o600 });
    chmodSync(join(folder, name), 0o600);
    return `file:${join(folder, name)}`;
  };
  const assets = writeAssets(join(folder, 'assets'));
  const identity = newSshKey(systemEntropy);
  const ports = portsOf(process.pid + sites * 16);
  const racked: RackedMachine[] = [];
  const declarations: Record<string, unknown>[] = [];
  for (let index = 1; index <= (options.machines ?? 1); index++) {
    const name = `sim${index}`;
    const address = `${net}.${10 + index}`;
    const mac = `52:54:00:88:00:${index.toString(16).padStart(2, '0')}`;
    const keys = { stage1: newSshKey(systemEntropy), stage3: newSshKey(systemEntropy) };
    const machine: SimulatedMachineSpec = {
      name,
      address,
      ports: { stage1: 2222, stage3: 2222 },
      hostKeys: { stage1: keys.stage1.private, stage3: keys.stage3.private },
      authorizedKeys: [identity.public],
      disks: [{ name: 'cryptroot', passphrase: SITE_SECRETS.passphrase }],
      diskFlavour: 'initramfs',
      sessionUser: 'alice',
      ...options.simulated,
    };
    const pxe: PxeClientOptions = {
      mac,
      uuid: `6c616200-0000-4000-8000-${mac.replaceAll(':', '')}`,
      firmware: options.firmware ?? 'bios-ipxe',
      link: { kind: 'relay', server: `${net}.1`, serverPort: ports.dhcp, relay: `${net}.${110 + index}` },
      ports: { proxy: ports.proxy, tftp: ports.tftp },
      ...(options.dhcp === 'proxy' ? { addressFrom: { fixed: address } } : {}),
    };
    const users = [{ name: 'admin', password: SITE_SECRETS.bmcPassword, privilege: PrivilegeLevel.administrator }];
    const bmc = { address: `${net}.${180 + index}`, port: 6230, users };
    racked.push(
      await rackMachine(parts, { machine, bmc, pxe, flavourOf: (sha256) => assets.flavours.get(sha256) }, stop.signal),
    );
    declarations.push({
      name,
      macs: [mac],
      address,
      bmcs: [
        {
          protocol: 'ipmi',
          host: bmc.address,
          port: bmc.port,
          user: 'admin',
          password: secret('bmc', SITE_SECRETS.bmcPassword),
        },
      ],
      netboot: {
        kernel: 'vmlinuz',
        initrds: [`${flavour}.img`],
        commandLine: 'root=/dev/mapper/cryptroot console=ttyS0',
      },
      stage1: { port: 2222, hostKeys: [keys.stage1.public], identity: secret('identity', identity.private) },
      stage3: { port: 2222, hostKeys: [keys.stage3.public], identity: secret('identity', identity.private) },
      disks: [{ name: 'cryptroot', passphrase: secret('passphrase', options.passphrase ?? SITE_SECRETS.passphrase) }],
      rebuild: { flake: 'github:example/fleet', attribute: name },
      session: { user: 'alice' },
      ...options.declared,
    });
  }
  const configFile = join(folder, 'bootwright.yaml');
  const write = (change: Readonly<Record<string, unknown>>): void =>
    writeFileSync(
      configFile,
      stringify({
        dataDirectory: join(folder, 'data'),
        listen: { address: '127.0.0.1', port: ports.api },
        log: { level: 'debug' },
        netboot: {
          interfaces: [{ name: 'lo', address: `${net}.1/24`, mode: options.dhcp ?? 'full' }],
          http: { port: ports.http },
          ports: { dhcp: ports.dhcp, dhcpClient: ports.dhcp + 1, proxy: ports.proxy, tftp: ports.tftp },
          assets: [assets.folder],
        },
        machines: declarations.map((declaration) => ({ ...declaration, ...change })),
      }),
    );
  write({});
  return {
    folder,
    configFile,
    machines: racked,
    names: declarations.map((declaration) => String(declaration.name)),
    apiUrl: `http://127.0.0.1:${ports.api}`,
    setPassphrase: (value) => void secret('passphrase', value),
    declare: write,
    async [Symbol.asyncDispose]() {
      await Promise.all(racked.map((one) => one[Symbol.asyncDispose]()));
      stop.abort();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Ports of one site, out of the range the kernel hands out by itself. */
function portsOf(seed: number) {
  const base = 10_000 + (seed % 1300) * 16;
  return { dhcp: base, proxy: base + 2, tftp: base + 3, http: base + 4, api: base + 5 };
}

/** A kernel and one initrd of each flavour; what is in them only has to be told apart. */
function writeAssets(folder: string) {
  mkdirSync(folder);
  const write = (name: string, size: number): string => {
    const data = randomBytes(size);
    writeFileSync(join(folder, name), data);
    return createHash('sha256').update(data).digest('hex');
  };
  write('vmlinuz', 1_000_000);
  const flavours = new Map([
    [write('initramfs.img', 2_000_000), 'initramfs' as const],
    [write('systemd.img', 2_000_000), 'systemd' as const],
  ]);
  return { folder, flavours };
}
