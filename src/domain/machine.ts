import type { FirmwareSpec } from './boot/firmware-spec.ts';
import type { RawDhcpOption } from './dhcp-options.ts';
import type { SecretRef } from './secret-ref.ts';

/** Defects of controllers that have to be told, since a client that guessed them would be wrong with others. */
export const BMC_QUIRKS = [
  'padded-user-name',
  'integrity-check-value',
  'zero-session-id',
  'big-endian-sequence',
] as const;
export type BmcQuirk = (typeof BMC_QUIRKS)[number];

/** One way to reach a machine's management controller; a machine may list several, tried in order. */
export type BmcSpec = {
  readonly protocol: 'ipmi';
  /** IP address or host name. */
  readonly host: string;
  /** UDP port. Default 623. */
  readonly port?: number;
  readonly user: string;
  readonly password: SecretRef;
  /** K_G, the BMC's own key of up to 20 bytes, where two-key login is configured. */
  readonly kg?: SecretRef;
  /** RMCP+ cipher suites, best first. Default [17, 3]. */
  readonly cipherSuites?: readonly number[];
  /** Allow listed suites that leave packets open to anybody on the path. Default false. */
  readonly allowInsecureSuites?: boolean;
  /** The most a session may do. Default `operator`: all but some raw commands. */
  readonly privilege?: 'user' | 'operator' | 'administrator';
  /** How the controller finds the account. Default `name`. */
  readonly userLookup?: 'name' | 'name-and-role';
  /** IPMI version; 1.5 only for old boards. Default 2.0. */
  readonly version?: '2.0' | '1.5';
  /** Defects of the firmware that must be met halfway. Default none. */
  readonly quirks?: readonly BmcQuirk[];
};

/**
 * A kernel with its initrds, by name: an uploaded asset of that name, else a file of the asset folders; `sha256:` and 64
 * digits name an uploaded asset by its contents.
 */
export type KernelBoot = {
  readonly kernel: string;
  /** In order; their contents are concatenated by the kernel. */
  readonly initrds: readonly string[];
  /** Kernel parameters, one line. */
  readonly commandLine: string;
};

/** A NixOS generation of this machine, captured when it proved itself or imported. */
export type GenerationBoot = {
  /** `current`: the newest proven one that was captured, else the newest captured; or the store path of its system. */
  readonly generation: string;
  /** Kernel parameters after those of the generation. Default none. */
  readonly commandLine?: string;
  /**
   * Capture the secrets too that NixOS adds to an initrd where it is installed, as the host keys of its SSH server. They then lie in
   * our data directory and cross the boot network in clear. Default false.
   */
  readonly initrdSecrets?: boolean;
};

/** An iPXE script of one's own. See `script-template.ts` for what may stand in it. */
export type ScriptBoot = {
  readonly script: string | { readonly asset: string };
  /** Names of what the script fetches below `${base-url}/files/`. Default none. */
  readonly files?: readonly string[];
};

/** Ways to hand a machine that has netbooted on to its own disk; none works with every firmware. */
export const LOCAL_DISK_EXITS = ['auto', 'exit', 'exit-1', 'sanboot', '404'] as const;
export type LocalDiskExit = (typeof LOCAL_DISK_EXITS)[number];

/** The machine's own disk, by way of the network. */
export type LocalDiskBoot = { readonly localDisk: LocalDiskExit };

/** A rescue system. It proves itself as any other: by a pinned key. */
export type RescueBoot = { readonly rescue: KernelBoot };

/** What the machine netboots. */
export type NetbootSpec = KernelBoot | GenerationBoot | ScriptBoot | LocalDiskBoot | RescueBoot;

/** How the SSH server of a stage is reached and what it must prove. */
export type SshSpec = {
  /** Default 22. */
  readonly port?: number;
  /** Default root. */
  readonly user?: string;
  /** Pinned public keys, `ssh-ed25519 AAAA…`; any of them is accepted, for rotation and for differing initrds. */
  readonly hostKeys: readonly string[];
  /** Our private key for this stage, OpenSSH format. */
  readonly identity: SecretRef;
};

/** An encrypted disk by its device-mapper name (`cryptroot`), and where its passphrase is. */
export type DiskSpec = { readonly name: string; readonly passphrase: SecretRef };

export type RebuildSpec = {
  /** Flake reference without credentials: `github:owner/repo/branch`, `/etc/nixos`. */
  readonly flake: string;
  /** Attribute under nixosConfigurations. Default: the machine's name. */
  readonly attribute?: string;
  /** How a user who is not root becomes root for activation. Default `none` for root, `sudo` otherwise. */
  readonly elevate?: 'none' | 'sudo';
  /** Expire nix's download and reference caches (`--refresh`). Default true. */
  readonly refresh?: boolean;
  /** Tokens for private repositories, handed over in a file only nix reads. */
  readonly accessTokens?: readonly { readonly host: string; readonly token: SecretRef }[];
};

/** Whose session stage 4 means. */
export type SessionSpec = { readonly user: string };

/**
 * What becomes of the machine's serial console. Without this section it is opened only while somebody looks at it; its
 * text is kept all the same.
 */
export type ConsoleSpec = {
  /** `runs`: open while a run is active, so that a run's console is kept; `always`: all the time. Default runs. */
  readonly record?: 'off' | 'runs' | 'always';
};

/** Deadlines of the steps, in seconds, where they differ from the defaults in `runs/plans.ts`. */
export type DeadlineSpec = {
  readonly [step: string]: number;
};

/** A machine as declared in the configuration or through the API. */
export type MachineSpec = {
  /** Lower-case letters, digits and dashes, 1 to 63: the name people use, unique. */
  readonly name: string;
  /** Lower case, colons. The first is the one leases are reserved for. */
  readonly macs: readonly string[];
  /** IPv4 address: reserved for the machine by our DHCP, and where SSH finds it in stages 1 and 3. */
  readonly address: string;
  /** IPv6 address: reserved for the machine's first network card by our DHCPv6. Absent: one is made of its MAC. */
  readonly address6?: string;
  readonly bmcs: readonly BmcSpec[];
  /** Absent: the machine boots from its own disk. */
  readonly netboot?: NetbootSpec;
  /** Sent to it by our DHCP besides what we say ourselves. Default none. */
  readonly dhcpOptions?: readonly RawDhcpOption[];
  /** Absent: its network boot firmware keeps to the standards. */
  readonly firmware?: FirmwareSpec;
  /** Absent: nothing to unlock. */
  readonly stage1?: SshSpec;
  readonly stage3: SshSpec;
  readonly disks: readonly DiskSpec[];
  readonly rebuild?: RebuildSpec;
  readonly session?: SessionSpec;
  readonly console?: ConsoleSpec;
  readonly deadlines?: DeadlineSpec;
  /** How often a boot that shows nothing by its deadline is power-cycled and tried again. Default 2 tries in all. */
  readonly bootTries?: number;
};

/** `unknown` until something was seen. */
export type Stage = 'unknown' | 'off' | '0' | '1' | '2' | '3' | '4';

/** A machine as the store holds it. */
export type Machine = {
  readonly id: string;
  readonly spec: MachineSpec;
  /** `config` machines follow the file and cannot be changed through the API. */
  readonly source: 'config' | 'api';
  /** The last stage seen, and when (epoch ms). */
  readonly stage: Stage;
  readonly stageAt: number;
  /** Number of the last event. */
  readonly lastSeq: number;
  readonly createdAt: number;
  readonly updatedAt: number;
};
