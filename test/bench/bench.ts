import { chainPart } from './chain.ts';
import { dhcpPart } from './dhcp.ts';
import { httpPart } from './http.ts';
import { ipmiPart } from './ipmi.ts';
import { formatTable, type Part, type Row } from './measure.ts';
import { startPart } from './start.ts';
import { stormPart } from './storm.ts';
import { tftpPart } from './tftp.ts';

// npm run bench                 every part
// npm run bench start           one part
// npm run bench netboot         the parts of a group
// npm run bench -- --json       rows of {work, unit, ours, peer, peerValue, ratio}, for machines

const NETBOOT: readonly Part[] = [dhcpPart, tftpPart, httpPart, stormPart];
const PARTS: readonly Part[] = [startPart, ipmiPart, chainPart, ...NETBOOT];
const GROUPS: Readonly<Record<string, readonly Part[]>> = { netboot: NETBOOT };

const words = process.argv.slice(2);
const json = words.includes('--json');
const asked = words
  .filter((word) => word !== '--json')
  .flatMap((word) => GROUPS[word]?.map((part) => part.name) ?? [word]);
const unknown = asked.filter((word) => !PARTS.some((part) => part.name === word));
if (unknown.length > 0) {
  console.error(
    `no such part: ${unknown.join(', ')}; there are ${PARTS.map((part) => `${part.name} (${part.about})`).join(', ')}; and the groups ${Object.keys(GROUPS).join(', ')}`,
  );
  process.exit(2);
}

// By exit(), what was started and laid out is cleared away.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

// With --json, standard output is for the rows alone.
const say = (line: string): void => (json ? console.error(line) : console.log(line));
const rows: Row[] = [];
let failed = false;
for (const part of PARTS.filter((candidate) => asked.length === 0 || asked.includes(candidate.name))) {
  say(`\n${part.name}: ${part.about}`);
  try {
    const measured = await part.measure(say);
    rows.push(...measured);
    say(formatTable(measured));
  } catch (error) {
    failed = true;
    console.error(`${part.name}: not measured: ${error instanceof Error ? error.message : String(error)}`);
  }
}
if (json) console.log(JSON.stringify(rows, null, 2));
process.exitCode = failed ? 1 : 0;
