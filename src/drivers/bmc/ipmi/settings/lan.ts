import { PRESENT_CHANNEL } from '../../../../protocols/ipmi/commands/application/get-channel-authentication-capabilities.ts';
import { formatIpv4, formatMacAddress } from '../../../../protocols/ipmi/commands/transport/addresses.ts';
import * as parameters from '../../../../protocols/ipmi/commands/transport/lan-parameters.ts';
import type { IpmiRequester } from '../requester.ts';
import { type Ipv6Report, readIpv6 } from './lan-ipv6.ts';
import { lanParameterReader, type ReadLanParameter } from './lan-parameter-reader.ts';

export type IpAddressSource = 'unspecified' | 'static' | 'dhcp' | 'bios' | 'other';

export type LanCipherSuite = {
  readonly id: number;
  /** The most that a session with it can have, see PrivilegeLevel; 0: not to be used; null: not told. */
  readonly privilegeLimit: number | null;
};

/** The LAN settings of one channel; null is "not told". The community string is never read. */
export type LanReport = {
  readonly channel: number;
  /** Somebody is changing the settings at this moment. */
  readonly setInProgress: boolean | null;
  /** "192.0.2.7". */
  readonly address: string | null;
  readonly addressSource: IpAddressSource | null;
  readonly subnetMask: string | null;
  /** "52:54:00:12:34:56". */
  readonly macAddress: string | null;
  readonly gateway: string | null;
  readonly gatewayMacAddress: string | null;
  readonly backupGateway: string | null;
  /** Null: not told; `id` null: no VLAN. */
  readonly vlan: { readonly id: number | null; readonly priority: number | null } | null;
  /** v1.5 logins that the channel knows at all, and that each level may use. */
  readonly authenticationTypes: readonly string[] | null;
  readonly authenticationTypesByLevel: Readonly<Record<string, readonly string[]>> | null;
  readonly cipherSuites: readonly LanCipherSuite[] | null;
  readonly ipv6: Ipv6Report | null;
  /** What could not be read other than by not being there, and why. */
  readonly problems: readonly string[];
};

const sources: Readonly<Record<number, IpAddressSource>> = {
  [parameters.IpAddressSource.unspecified]: 'unspecified',
  [parameters.IpAddressSource.static]: 'static',
  [parameters.IpAddressSource.dhcp]: 'dhcp',
  [parameters.IpAddressSource.bios]: 'bios',
  [parameters.IpAddressSource.other]: 'other',
};

/** From bit 0 of an authentication type mask; bit 3 is reserved. @see IPMI v2.0 rev. 1.1 Table 23-4 parameter 1 */
const authenticationTypeNames = ['none', 'md2', 'md5', '', 'password', 'oem'];

/**
 * The LAN settings of a channel, parameter by parameter: one that is refused or malformed does not spoil the others.
 * @param channel 0 to 15; default: the one of this session
 * @throws UnreachableError when the controller stops answering; what raising the session to operator throws
 * @see IPMI v2.0 rev. 1.1 §23.2, Table 23-4
 */
export async function readLan(
  requester: IpmiRequester,
  signal: AbortSignal,
  channel: number = PRESENT_CHANNEL,
): Promise<LanReport> {
  const problems: string[] = [];
  const read = lanParameterReader(requester, channel, problems, signal);
  const address = async (parameter: parameters.LanParameter<Buffer>): Promise<string | null> =>
    textOf(await read(parameter), formatIpv4);
  const progress = await read(parameters.setInProgress);
  const source = await read(parameters.ipAddressSource);
  return {
    channel,
    setInProgress: progress === null ? null : progress !== 0,
    address: await address(parameters.ipAddress),
    addressSource: source === null ? null : (sources[source] ?? 'other'),
    subnetMask: await address(parameters.subnetMask),
    macAddress: textOf(await read(parameters.macAddress), formatMacAddress),
    gateway: await address(parameters.defaultGateway),
    gatewayMacAddress: textOf(await read(parameters.defaultGatewayMacAddress), formatMacAddress),
    backupGateway: await address(parameters.backupGateway),
    vlan: await readVlan(read),
    ...(await readAuthenticationTypes(read)),
    cipherSuites: await readCipherSuites(read),
    ipv6: await readIpv6(read),
    problems,
  };
}

async function readVlan(read: ReadLanParameter): Promise<LanReport['vlan']> {
  const vlan = await read(parameters.vlanId);
  if (vlan === null) return null;
  return vlan.enabled ? { id: vlan.id, priority: await read(parameters.vlanPriority) } : { id: null, priority: null };
}

async function readAuthenticationTypes(
  read: ReadLanParameter,
): Promise<Pick<LanReport, 'authenticationTypes' | 'authenticationTypesByLevel'>> {
  const support = await read(parameters.authenticationTypeSupport);
  const enables = await read(parameters.authenticationTypeEnables);
  return {
    authenticationTypes: support === null ? null : authenticationTypes(support),
    authenticationTypesByLevel:
      enables === null
        ? null
        : {
            callback: authenticationTypes(enables.callback),
            user: authenticationTypes(enables.user),
            operator: authenticationTypes(enables.operator),
            administrator: authenticationTypes(enables.administrator),
            oem: authenticationTypes(enables.oem),
          },
  };
}

function authenticationTypes(mask: number): readonly string[] {
  return authenticationTypeNames.filter((name, bit) => name !== '' && (mask & (1 << bit)) !== 0);
}

/** The list has a fixed size; how many of its entries count is a parameter of its own, absent on some controllers. */
async function readCipherSuites(read: ReadLanParameter): Promise<readonly LanCipherSuite[] | null> {
  const count = await read(parameters.cipherSuiteSupport);
  const ids = await read(parameters.cipherSuites);
  if (ids === null) return null;
  const levels = await read(parameters.cipherSuitePrivilegeLevels);
  const entries = ids.slice(0, count ?? ids.length);
  const byId = levels !== null && levelsStandById(entries, levels);
  return entries.map((id, at) => ({ id, privilegeLimit: levels?.[byId ? id : at] ?? null }));
}

/**
 * By the specification the n-th level belongs to the n-th suite of the list. Controllers with a list that has gaps, such
 * as Supermicro's 1,2,3,6,7,8,11,12, are known to go by the suite's number instead ("XaaaXXaaaXXaaXX" in ipmitool), and
 * FreeIPMI reads it so; it shows in levels behind the end of the list.
 */
function levelsStandById(entries: readonly number[], levels: readonly number[]): boolean {
  return levels.slice(entries.length).some((level) => level !== 0);
}

function textOf(bytes: Buffer | null, format: (bytes: Buffer) => string): string | null {
  return bytes === null ? null : format(bytes);
}
