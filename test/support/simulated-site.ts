import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemEntropy } from '../../src/foundation/entropy.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { systemUdp } from '../../src/foundation/udp.ts';
import { PrivilegeLevel } from '../../src/protocols/ipmi/privilege-level.ts';
import type { FaultHook } from '../../src/simulator/bmc/faults.ts';
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
  /** What happens to the datagrams of each BMC. Default: nothing. */
  readonly bmcFaults?: FaultHook;
  /** How the firmware of each machine boots, where it differs. */
  readonly pxe?: Partial<PxeClientOptions>;
};

/** Simulated machines on loopback, and a service configuration that reaches them. */
export type SimulatedSite = AsyncDisposable & {
  readonly folder: string;
  readonly configFile: string;
  readonly machines: readonly RackedMachine[];
  readonly names: readonly string[];
  readonly apiUrl: string;
  /** First three numbers of every address here; the service has .1, machines .11 and up, their BMCs .181 and up. */
  readonly net: string;
  readonly ports: { readonly dhcp: number; readonly proxy: number; readonly tftp: number; readonly http: number };
  /** The firmware of each machine, to ask as it would. */
  readonly pxe: readonly PxeClientOptions[];
  /** Replaces the passphrase that the service reads. */
  setPassphrase(passphrase: string): void;
  /** Writes a file that only we may read. @returns the reference to it */
  secret(name: string, value: string): string;
  /** Writes the configuration again with other declarations. */
  declare(change: Readonly<Record<string, unknown>>): void;
};

/** Where this process begins to look for a free network; those of other processes are passed over. */
let nextNet = (process.pid * 17) % 20_000;

export async function createSimulatedSite(options: SiteOptions = {}): Promise<SimulatedSite> {
  const { flavour = 'initramfs' } = options;
  const { net, release } = await claimNet();
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
  const ports = { dhcp: 10_067, proxy: 14_011, tftp: 10_069, http: 18_480, api: 18_470 };
  const firmwares: PxeClientOptions[] = [];
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
      ...options.pxe,
    };
    firmwares.push(pxe);
    const users = [{ name: 'admin', password: SITE_SECRETS.bmcPassword, privilege: PrivilegeLevel.administrator }];
    const faults = options.bmcFaults === undefined ? {} : { faults: options.bmcFaults };
    const bmc = { address: `${net}.${180 + index}`, port: 6230, users, ...faults };
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
        listen: { address: `${net}.1`, port: ports.api },
        log: { level: 'debug' },
        netboot: {
          // Loopback is one segment for all sites at once: their questions for other servers would be counted by each other.
          interfaces: [{ name: 'lo', address: `${net}.1/24`, mode: options.dhcp ?? 'full', otherServers: 'off' }],
          http: { port: ports.http },
          ports: { dhcp: ports.dhcp, dhcpClient: ports.dhcp + 1, proxy: ports.proxy, tftp: ports.tftp },
          assets: [assets.folder],
          loaders: assets.loaders,
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
    apiUrl: `http://${net}.1:${ports.api}`,
    net,
    ports,
    pxe: firmwares,
    setPassphrase: (value) => void secret('passphrase', value),
    secret,
    declare: write,
    async [Symbol.asyncDispose]() {
      await Promise.all(racked.map((one) => one[Symbol.asyncDispose]()));
      stop.abort();
      await release();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A network of loopback that no other site has, in this process or another: who listens at its last address has it. */
async function claimNet(): Promise<{ net: string; release(): Promise<void> }> {
  for (;;) {
    const number = nextNet++ % 20_000;
    const net = `127.${20 + Math.floor(number / 200)}.${number % 200}`;
    const claim = createServer();
    try {
      claim.listen({ host: `${net}.254`, port: 9999, exclusive: true });
      await once(claim, 'listening');
    } catch {
      continue; // Taken: the next one may be free.
    }
    const release = async (): Promise<void> => {
      claim.close();
      await once(claim, 'close');
    };
    return { net, release };
  }
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
  return { folder, flavours, loaders: writeLoaders(`${folder}-loaders`) };
}

/** Loaders that are never run, by the names of boot-assets/loaders.json: a simulated machine needs no package. */
function writeLoaders(folder: string): string {
  mkdirSync(folder);
  for (const name of ['undionly.kpxe', 'ipxe.efi', 'snponly.efi'])
    writeFileSync(join(folder, name), randomBytes(100_000));
  return folder;
}
