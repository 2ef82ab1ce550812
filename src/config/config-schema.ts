import { z } from 'zod';
import { host, ipv4, port } from './addresses.ts';
import { documentedObject } from './documented.ts';
import { machineSchema, repeated } from './machine-schema.ts';
import { netbootInterface } from './netboot-interface-schema.ts';
import { discoverySchema, tftpSchema } from './netboot-limits-schema.ts';

const absolutePath = z.string().regex(/^\/[^\p{Cc}]*$/u, { error: 'must be an absolute path' });

const listen = documentedObject({
  address: host
    .default('127.0.0.1')
    .describe(
      'Address the API listens on. Default 127.0.0.1. There is no TLS here: put a reverse proxy in front before opening it to a network.',
    ),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .default(8470)
    .describe('TCP port of the API; 0 lets the kernel choose. Default 8470.'),
  socket: z.exactOptional(absolutePath.max(107)).describe('Path of a unix socket to listen on instead. Default none.'),
  openMetrics: z
    .boolean()
    .default(false)
    .describe('Serve /metrics to anybody without a token. Default false: only to loopback.'),
}).describe('Where the API listens.');

const netboot = documentedObject({
  interfaces: z.array(netbootInterface).max(64).default([]).describe('Interfaces to serve. Default none.'),
  http: documentedObject({
    port: port.default(8480).describe('TCP port for boot scripts, kernels and initrds. Default 8480.'),
    address: z.exactOptional(ipv4).describe("Address to listen on. Default: each interface's own."),
    maximumTransfers: z
      .exactOptional(z.int().min(1).max(4000))
      .describe(
        'Machines that fetch kernels and initrds at once; others are told to ask again later. Default: 32 a processor, at least 64.',
      ),
    maximumBytesPerSecond: z
      .exactOptional(z.int().min(1_000_000))
      .describe('What these transfers may take together in the mean, in bytes a second. Default: no limit.'),
  })
    .prefault({})
    .describe('The HTTP server machines boot from.'),
  https: z
    .exactOptional(
      documentedObject({
        port: port.default(8443).describe('TCP port. Default 8443.'),
        offer: z
          .enum(['never', 'always'])
          .default('never')
          .describe(
            'always: boot URLs are HTTPS, so every machine must trust the certificate. never: only who comes by HTTPS gets it. Default never.',
          ),
        certificate: z
          .exactOptional(
            documentedObject({
              certificateFile: absolutePath.describe('PEM file of the certificate and its chain.'),
              keyFile: absolutePath.describe('PEM file of its private key, which only its owner can read.'),
            }),
          )
          .describe(
            'A certificate of your own. Default: one of our authority, which machines find at /ca.crt over HTTP.',
          ),
      }),
    )
    .describe('HTTPS for machines that can. Absent: none.'),
  ports: documentedObject({
    dhcp: port.default(67).describe('UDP port we hear DHCP on. Default 67.'),
    dhcpClient: port.default(68).describe('UDP port of DHCP clients. Default 68.'),
    proxy: port.default(4011).describe('UDP port of the PXE boot server. Default 4011.'),
    tftp: port.default(69).describe('UDP port of TFTP. Default 69.'),
    dhcpv6: z.exactOptional(port).describe('UDP port we hear DHCPv6 on. Default 547.'),
    dhcpv6Client: z.exactOptional(port).describe('UDP port of DHCPv6 clients. Default 546.'),
  })
    .prefault({})
    .describe('Ports of the boot protocols. For tests only: firmware knows no others.'),
  tftp: z.exactOptional(tftpSchema),
  discovery: discoverySchema.prefault({}),
  assets: z.array(absolutePath).max(32).default([]).describe('Folders with kernels and initrds. Default none.'),
  loaders: z
    .exactOptional(absolutePath)
    .describe(
      'Folder with boot loaders (ipxe.efi, undionly.kpxe), and loaders.json where it says which is for whom. Default: where the distribution installs them.',
    ),
  secureBoot: z
    .enum(['off', 'on'])
    .default('off')
    .describe(
      'on: UEFI machines are offered the signed chain (shim, then a signed loader), which boots with Secure Boot and without. Default off.',
    ),
  loaderPatienceSeconds: z
    .int()
    .min(10)
    .max(3600)
    .default(60)
    .describe(
      'How long a boot loader that was fetched may take to its script before the machine is offered another one, in seconds. Default 60.',
    ),
  attemptLifetimeSeconds: z
    .int()
    .min(60)
    .max(86_400)
    .default(1800)
    .describe('How long the URLs of one boot attempt live, in seconds. Default 1800.'),
  captures: documentedObject({
    attempts: z
      .int()
      .min(1)
      .max(1000)
      .default(10)
      .describe('Boot attempts of a machine whose findings and last packets are kept. Default 10.'),
    days: z.int().min(1).max(3650).default(30).describe('How long they are kept, in days. Default 30.'),
  })
    .prefault({})
    .describe('What is kept of boot attempts, at most 256 KiB each (bootwright doctor).'),
})
  .superRefine((value, context) => {
    for (const index of repeated(value.interfaces.map((each) => each.name))) {
      context.addIssue({ code: 'custom', path: ['interfaces', index, 'name'], message: 'is there twice' });
    }
  })
  .describe('DHCP, PXE, TFTP and HTTP for booting machines. Absent: none of them runs.');

/** The whole file. */
export const configSchema = documentedObject({
  dataDirectory: absolutePath
    .default('/var/lib/bootwright')
    .describe('Folder of the database. Default /var/lib/bootwright.'),
  listen: listen.prefault({}),
  log: documentedObject({
    level: z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
      .default('info')
      .describe('Least severe level that is logged. Default info.'),
  })
    .prefault({})
    .describe('The log, JSON lines on standard error.'),
  netboot: z.exactOptional(netboot),
  assets: documentedObject({
    quotaMiB: z
      .int()
      .min(1)
      .max(1 << 30)
      .default(20_480)
      .describe('How much uploaded assets may take in the data directory, in MiB. Default 20480.'),
    graceHours: z
      .number()
      .min(0)
      .max(8760)
      .default(24)
      .describe('Assets used within these hours are never collected, needed or not. Default 24.'),
  })
    .prefault({})
    .describe('Uploaded assets.'),
  secrets: documentedObject({
    commandsThroughApi: z
      .boolean()
      .default(false)
      .describe(
        'Machines declared through the API may refer to secrets by command, which lets an admin token run programs as the service. Default false.',
      ),
  })
    .prefault({})
    .describe('How secrets may be referred to.'),
  machines: z.array(machineSchema).max(20_000).default([]).describe('Machines that follow this file. Default none.'),
})
  .superRefine(({ machines }, context) => {
    const add = (index: number, field: string, message: string): void => {
      context.addIssue({ code: 'custom', path: ['machines', index, field], message });
    };
    const owners = new Map<string, string>();
    for (const [index, machine] of machines.entries()) {
      const taken = (key: string, field: string): void => {
        const owner = owners.get(key);
        if (owner === undefined) owners.set(key, machine.name);
        else if (owner !== machine.name) add(index, field, `${key} belongs to machine ${owner} already`);
      };
      if (owners.has(`name ${machine.name}`)) add(index, 'name', `${machine.name} is declared twice`);
      owners.set(`name ${machine.name}`, machine.name);
      taken(`address ${machine.address}`, 'address');
      if (machine.address6 !== undefined) taken(`address ${machine.address6}`, 'address6');
      for (const mac of machine.macs) taken(`MAC address ${mac}`, 'macs');
    }
  })
  .describe('Configuration of Bootwright.');

type DeepReadonly<T> = T extends (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** The configuration as the parts of the service get it: defaults filled in, frozen. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;
/** Where the API listens. */
export type ListenConfig = Config['listen'];
export type NetbootConfig = NonNullable<Config['netboot']>;
