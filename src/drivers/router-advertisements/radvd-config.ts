import type { RouterAdvertisement } from '../../domain/router-advertisement.ts';
import { BugError } from '../../foundation/errors.ts';

/** Boot clients solicit, so these are for hosts that missed an answer. Seconds; a router's lifetime may not be shorter. */
export const LONGEST_INTERVAL = 60;
const SHORTEST_INTERVAL = 20;

/**
 * Writes the configuration of radvd.
 * @throws BugError when a word would end its place in the file: all of them were checked when the configuration was read
 * @see radvd.conf(5)
 */
export function formatRadvdConfig(advertisements: readonly RouterAdvertisement[]): string {
  return advertisements.map(section).join('\n');
}

function section(of: RouterAdvertisement): string {
  const nameServers = of.nameServers.map(word);
  const lines = [
    'AdvSendAdvert on;',
    // The interface may come up after us; radvd then takes it up by itself.
    'IgnoreIfMissing on;',
    `MinRtrAdvInterval ${SHORTEST_INTERVAL};`,
    `MaxRtrAdvInterval ${LONGEST_INTERVAL};`,
    `AdvManagedFlag ${onOff(of.managed)};`,
    `AdvOtherConfigFlag ${onOff(of.otherConfiguration)};`,
    `AdvDefaultLifetime ${of.routerLifetimeSeconds};`,
    `prefix ${word(of.prefix)} { AdvOnLink on; AdvAutonomous ${onOff(of.autonomous)}; };`,
    ...(nameServers.length === 0 ? [] : [`RDNSS ${nameServers.join(' ')} { };`]),
  ];
  return `interface ${word(of.interface)} {\n${lines.map((line) => `  ${line}\n`).join('')}};\n`;
}

const onOff = (on: boolean): string => (on ? 'on' : 'off');

function word(text: string): string {
  if (!/^[^\s;{}#"]+$/.test(text)) throw new BugError(`cannot stand in radvd.conf: ${JSON.stringify(text)}`);
  return text;
}
