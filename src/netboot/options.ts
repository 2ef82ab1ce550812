import type { InterfaceMode } from '../domain/boot-policy.ts';
import { ConfigError } from '../foundation/errors.ts';
import { ipv4FromNumber, ipv4ToNumber } from '../protocols/dhcp/ipv4.ts';

/** One interface that machines boot from, as configured. */
export type InterfaceOptions = {
  /** For messages. */
  readonly name: string;
  /** Our own address on it. */
  readonly address: { readonly address: string; readonly prefixLength: number };
  readonly mode: InterfaceMode;
  /** Addresses for further network cards of known machines, in mode `full`. Default none: only reserved addresses. */
  readonly pool?: { readonly from: string; readonly to: string };
  /** Life of a lease, seconds. */
  readonly leaseSeconds: number;
  /** Default gateway told to machines. Default none. */
  readonly router?: string;
  /** Name servers told to machines. */
  readonly dns: readonly string[];
};

/** UDP ports. Firmware knows no others than the defaults; tests and the simulator do. */
export type NetbootPorts = {
  readonly dhcp: number;
  readonly dhcpClient: number;
  readonly proxy: number;
  readonly tftp: number;
};

export const DEFAULT_PORTS: NetbootPorts = { dhcp: 67, dhcpClient: 68, proxy: 4011, tftp: 69 };

/**
 * The interface to serve, or undefined when none is enabled.
 * @throws ConfigError for more than one: a datagram for 255.255.255.255 reaches every socket that listens for broadcasts, and
 *   Node says of none by which interface it came (nodejs/node#59670), so two segments could not be told apart
 */
export function servedInterface(interfaces: readonly InterfaceOptions[]): InterfaceOptions | undefined {
  const enabled = interfaces.filter(({ mode }) => mode !== 'off');
  if (enabled.length > 1) {
    const names = enabled.map(({ name }) => name);
    throw new ConfigError(
      `netboot.interfaces: ${names.join(', ')} are enabled, but one process can serve one interface only, since it cannot tell by which one a DHCP broadcast came in. Set mode: off for all but one.`,
      { details: { interfaces: names } },
    );
  }
  const [only] = enabled;
  if (only !== undefined) checkPool(only);
  return only;
}

/** The subnet mask of a prefix length. */
export function subnetMask(prefixLength: number): string {
  return ipv4FromNumber(prefixLength === 0 ? 0 : (0xffff_ffff << (32 - prefixLength)) >>> 0);
}

/** Whether the address is on the interface's own network. */
export function onNetwork(address: string, own: InterfaceOptions['address']): boolean {
  const mask = ipv4ToNumber(subnetMask(own.prefixLength));
  return (ipv4ToNumber(address) & mask) >>> 0 === (ipv4ToNumber(own.address) & mask) >>> 0;
}

/** Large enough for any segment, small enough to be searched. */
const LARGEST_POOL = 65_536;

function checkPool({ name, address, pool }: InterfaceOptions): void {
  if (pool === undefined) return;
  const size = ipv4ToNumber(pool.to) - ipv4ToNumber(pool.from) + 1;
  const wrong = size < 1 || size > LARGEST_POOL || !onNetwork(pool.from, address) || !onNetwork(pool.to, address);
  if (wrong) {
    throw new ConfigError(
      `netboot interface ${name}: pool ${pool.from} to ${pool.to} must lie in the network of ${address.address}/${address.prefixLength} and hold 1 to ${LARGEST_POOL} addresses`,
    );
  }
}
