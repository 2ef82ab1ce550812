import { z } from 'zod';
import { BMC_QUIRKS, type MachineSpec } from '../domain/machine.ts';
import type { StepName } from '../domain/run.ts';
import { host, ipv4, macAddress, port } from './addresses.ts';
import { dhcpOptionsSchema } from './dhcp-options-schema.ts';
import { documentedObject } from './documented.ts';
import { firmwareSchema } from './firmware-schema.ts';
import { attributeProblem, flakeProblem } from './flake-ref.ts';
import { ipv6 } from './ipv6-addresses.ts';
import { netbootSchema } from './netboot-schema.ts';
import { secretRef } from './secret-ref.ts';
import { sshPublicKey } from './ssh-key.ts';

/** What each step's deadline is for, and by its type the proof that no step is missing. Defaults: `runs/plans.ts`. */
const DEADLINES: Readonly<Record<StepName, string>> = {
  power: 'A power verb and the proof of its effect. Default 60 s; 300 s for soft-off.',
  'power-on': 'From the order to "power is on". Default 120 s.',
  netboot: 'From power-on until kernel and initrd were fetched. Default 300 s.',
  unlock: 'Until every disk is open. Default 300 s.',
  system: 'Until stage 3 answers under its pinned key and is settled. Default 300 s.',
  activate: 'Build and activation of the new generation. Default 3600 s.',
  reboot: 'From the order until the old boot is gone. Default 300 s.',
  verify: 'Proof of boot. Default 120 s.',
  session: "Until the user's session is there. Default 120 s.",
  commit: 'Recording the proven generation. Default 60 s.',
};

/** @see IPMI v2.0 rev. 1.1 §22.28: a user name has 16 bytes at most */
const ipmiUser = z
  .string()
  .max(16)
  .regex(/^[\x20-\x7e]*$/, { error: 'must be printable ASCII' });
const unixUser = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/, {
  error: 'is not a user name: a letter or underscore first, 32 characters at most',
});
const diskName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,126}$/, { error: 'is not a device-mapper name like cryptroot' });

/** @see IPMI v2.0 rev. 1.1 §22.15.2, Table 22-20; those with RC4 are not supported */
const CIPHER_SUITES: readonly number[] = [0, 1, 2, 3, 6, 7, 8, 11, 12, 15, 16, 17];
const INSECURE_SUITES: readonly number[] = [0, 1, 2, 6, 7, 11, 15];
const cipherSuite = z.int().refine((id) => CIPHER_SUITES.includes(id), {
  error: 'is not a supported cipher suite: 17 or 3; 8, 12 or 16 for boards without them',
});

const bmc = documentedObject({
  protocol: z.literal('ipmi').describe('How the controller is spoken to. Only ipmi (IPMI 2.0 over UDP) so far.'),
  host: host.describe('IP address or host name of the controller.'),
  port: z.exactOptional(port).describe('UDP port. Default 623.'),
  user: ipmiUser.describe('User of the controller, 16 characters at most.'),
  password: secretRef.describe("The user's password, by reference."),
  kg: z
    .exactOptional(secretRef)
    .describe('K_G, the key of the controller itself, where two-key login is set up. Default none.'),
  cipherSuites: z
    .exactOptional(z.array(cipherSuite).min(1).max(CIPHER_SUITES.length))
    .describe(
      'RMCP+ cipher suites, best first. Default [17, 3]; 8, 12 and 16 may be listed for boards without those; 0, 1, 2, 6, 7, 11 and 15 need allowInsecureSuites too.',
    ),
  allowInsecureSuites: z
    .exactOptional(z.boolean())
    .describe('Allow listed cipher suites that let anybody on the path forge or read commands. Default false.'),
  privilege: z
    .exactOptional(z.enum(['user', 'operator', 'administrator']))
    .describe(
      'The most a session may do; falls back to what the account has. Default operator: all but some raw commands.',
    ),
  userLookup: z
    .exactOptional(z.enum(['name', 'name-and-role']))
    .describe('How the controller finds the account: by name, or by name and privilege. Default name.'),
  version: z
    .exactOptional(z.enum(['2.0', '1.5']))
    .describe('IPMI version. 1.5 (MD5, nothing encrypted, 16 bytes of password) only for old boards. Default 2.0.'),
  quirks: z
    .exactOptional(z.array(z.enum(BMC_QUIRKS)).max(BMC_QUIRKS.length))
    .describe(
      'Defects of the firmware that must be met halfway; the others are found out by themselves. Default none. See docs of the IPMI library.',
    ),
})
  .superRefine((entry, context) => {
    const insecure = (entry.cipherSuites ?? []).filter((id) => INSECURE_SUITES.includes(id));
    if (insecure.length > 0 && entry.allowInsecureSuites !== true) {
      context.addIssue({
        code: 'custom',
        path: ['cipherSuites'],
        message: `lists ${insecure.join(', ')}, which let anybody on the path forge or read commands: use 17 or 3, or set allowInsecureSuites`,
      });
    }
    if (entry.version === '1.5' && (entry.kg !== undefined || entry.cipherSuites !== undefined)) {
      const path = entry.kg === undefined ? 'cipherSuites' : 'kg';
      context.addIssue({ code: 'custom', path: [path], message: 'is for IPMI 2.0: leave it out, or use version 2.0' });
    }
  })
  .describe('One way to reach the management controller.');

const ssh = documentedObject({
  port: z.exactOptional(port).describe('TCP port. Default 22.'),
  user: z.exactOptional(unixUser).describe('User to log in as. Default root.'),
  hostKeys: z
    .array(sshPublicKey)
    .min(1)
    .max(16)
    .describe('Public host keys that are accepted, "ssh-ed25519 AAAA…"; any of them will do.'),
  identity: secretRef.describe('Our private key for this stage (OpenSSH format), by reference.'),
});

const disk = documentedObject({
  name: diskName.describe('Device-mapper name of the opened disk: cryptroot.'),
  passphrase: secretRef.describe('Its passphrase, by reference.'),
});

const accessToken = documentedObject({
  host: host.describe('Host of the repositories: github.com.'),
  token: secretRef.describe('The token, by reference.'),
});

const rebuild = documentedObject({
  flake: z
    .string()
    .refine((text) => flakeProblem(text) === undefined, { error: (issue) => flakeProblem(String(issue.input)) ?? '' })
    .describe('Flake reference without credentials: github:owner/repo/branch, /etc/nixos.'),
  attribute: z
    .exactOptional(
      z.string().refine((text) => attributeProblem(text) === undefined, {
        error: (issue) => attributeProblem(String(issue.input)) ?? '',
      }),
    )
    .describe("Attribute under nixosConfigurations. Default: the machine's name."),
  elevate: z
    .exactOptional(z.enum(['none', 'sudo']))
    .describe('How a user who is not root becomes root. Default none for root, else sudo (without a password).'),
  refresh: z.exactOptional(z.boolean()).describe("Expire nix's caches first (--refresh). Default true."),
  accessTokens: z
    .exactOptional(z.array(accessToken).max(16))
    .describe('Tokens for private repositories. Default none.'),
}).describe('How the machine is rebuilt.');

const serialConsole = documentedObject({
  record: z
    .exactOptional(z.enum(['off', 'runs', 'always']))
    .describe('When the console is opened to be recorded: off, runs (while a run is active) or always. Default runs.'),
}).describe(
  'Recording of the serial console. It never takes the console from somebody else. Absent: recorded only while somebody looks.',
);

const seconds = z.int().min(1).max(86_400);
const deadlines = documentedObject(
  Object.fromEntries(Object.entries(DEADLINES).map(([step, what]) => [step, z.exactOptional(seconds).describe(what)])),
).describe('Deadlines of the steps, in seconds, where they differ from the defaults.');

/** One machine, in the configuration file and through the API alike. */
export const machineSchema = documentedObject({
  name: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
      error: 'must be lower-case letters, digits and dashes, 1 to 63, no dash at either end',
    })
    .describe('The name people use, unique: lower-case letters, digits, dashes.'),
  macs: z.array(macAddress).min(1).max(16).describe('MAC addresses; the first is the one the address is reserved for.'),
  address: ipv4.describe('IPv4 address: reserved by our DHCP, and where SSH finds the machine in stages 1 and 3.'),
  address6: z
    .exactOptional(ipv6)
    .describe('IPv6 address: reserved by our DHCPv6 for the first MAC. Default: one made of the MAC.'),
  bmcs: z
    .array(bmc)
    .max(4)
    .default([])
    .describe(
      'Ways to reach the management controller, tried in order; a later one that answers is asked first for a minute. Default none.',
    ),
  netboot: z.exactOptional(netbootSchema),
  dhcpOptions: z.exactOptional(dhcpOptionsSchema),
  firmware: z.exactOptional(firmwareSchema),
  stage1: z.exactOptional(ssh.describe('SSH server of the initrd. Absent: nothing to unlock.')),
  stage3: ssh.describe('SSH server of the running system.'),
  disks: z.array(disk).max(32).default([]).describe('Encrypted disks, each with its passphrase. Default none.'),
  rebuild: z.exactOptional(rebuild),
  session: z
    .exactOptional(documentedObject({ user: unixUser.describe('Whose session stage 4 means.') }))
    .describe('Absent: stage 4 is not looked at.'),
  console: z.exactOptional(serialConsole),
  deadlines: z.exactOptional(deadlines),
  bootTries: z
    .exactOptional(z.int().min(1).max(5))
    .describe('How often a boot that shows nothing by its deadline is tried in all. Default 2.'),
})
  .superRefine((spec, context) => {
    const add = (path: (string | number)[], message: string): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    const stage3Keys = new Set(spec.stage3.hostKeys);
    for (const [index, key] of (spec.stage1?.hostKeys ?? []).entries()) {
      if (stage3Keys.has(key)) {
        add(
          ['stage1', 'hostKeys', index],
          'is a stage-3 key too: a stage is told by its key, so the initrd needs one of its own (ssh-keygen -t ed25519)',
        );
      }
    }
    if (spec.disks.length > 0 && spec.stage1 === undefined) {
      add(['stage1'], 'is missing: disks are unlocked through the SSH server of the initrd');
    }
    for (const index of repeated(spec.disks.map((each) => each.name))) add(['disks', index, 'name'], 'is there twice');
    for (const index of repeated(spec.macs)) add(['macs', index], 'is there twice');
  })
  .describe('A managed machine.');

// The schema yields exactly what the domain calls a machine; a difference fails the type check here.
export const machineSpecSchema: z.ZodType<MachineSpec> = machineSchema;

/** Indexes of the values that stood earlier in the list. */
export function repeated(values: readonly string[]): number[] {
  return [...values.keys()].filter((index) => values.indexOf(values[index] ?? '') < index);
}
