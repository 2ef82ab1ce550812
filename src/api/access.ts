import type { TokenRole } from '../domain/ports/tokens.ts';
import type { RunKind } from '../domain/run.ts';

/** Roles from least to most; each may do what the ones before it may. */
const RANK: Readonly<Record<TokenRole, number>> = { viewer: 0, operator: 1, unlocker: 2, admin: 3 };

/** Everything that is not public, with the least role that may do it. The whole of who may do what is this table. */
export const PERMISSIONS = {
  /** machines, runs, events, output, generations, live feeds, metrics */
  read: 'viewer',
  /** asking a machine's controller: power, chassis, sensors, event log, inventory, boot override */
  'hardware.read': 'viewer',
  'run.power': 'operator',
  'run.rebuild': 'operator',
  'run.cancel': 'operator',
  'bmc.reset': 'operator',
  // Consoles show what nobody meant to publish: passwords typed at the wrong prompt, keys, kernel command lines.
  'console.read': 'operator',
  'console.write': 'operator',
  // Packets hold more than findings do: serial numbers, relays' circuit names, addresses of others on the segment.
  'netboot.capture': 'operator',
  /** identify light, boot override, power restore policy, erasing the event log and setting its clock */
  'hardware.write': 'operator',
  /** forgetting which boot loaders worked */
  'netboot.write': 'operator',
  // These four may release a passphrase.
  'run.boot': 'unlocker',
  'run.unlock': 'unlocker',
  'run.reboot': 'unlocker',
  'run.update': 'unlocker',
  // A machine's declaration says where secrets are read and whom they are sent to.
  'machine.write': 'admin',
  'token.manage': 'admin',
  // What is uploaded runs as the kernel of whatever machine boots it.
  'asset.write': 'admin',
  // Bytes can do anything to a controller, its users' passwords among it.
  'hardware.raw': 'admin',
} as const satisfies Readonly<Record<string, TokenRole>> & Readonly<Record<`run.${RunKind}`, TokenRole>>;

export type Permission = keyof typeof PERMISSIONS;

export function mayDo(role: TokenRole, permission: Permission): boolean {
  return RANK[role] >= RANK[PERMISSIONS[permission]];
}

/** All that a role may do, for whoever draws buttons. */
export function permissionsOf(role: TokenRole): Permission[] {
  return (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => mayDo(role, permission));
}
