/**
 * Rigs that stay up after the command that asked for them, each owned by a keeper: this file, run as
 * `node kept.ts COUNT FIRMWARE`, which brings a rig up, says so, and ends it on SIGTERM.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RUN } from './cache.ts';
import { listRigs } from './rig/owner.ts';
import type { Firmware } from './rig/qemu-command.ts';
import { createRig, type Rig } from './rig/rig.ts';

/**
 * Starts a keeper.
 * @returns once its rig is up: what a person needs to know of it
 */
export async function detach(count: number, firmware: Firmware): Promise<string> {
  mkdirSync(RUN, { recursive: true });
  const logFile = join(RUN, 'keeper.log');
  const log = openSync(logFile, 'w');
  const keeper = spawn(process.execPath, [import.meta.filename, String(count), firmware], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  for (;;) {
    const mine = listRigs().find((rig) => rig.pid === keeper.pid);
    const text = mine === undefined ? undefined : summary(mine.dir);
    if (text !== undefined) {
      keeper.unref();
      return text;
    }
    if (keeper.exitCode !== null) throw new Error(`the rig did not come up:\n${readFileSync(logFile, 'utf8')}`);
    await sleep(200);
  }
}

/** Ends the rigs of all keepers; resolves with their ids when they are down. */
export async function endKept(): Promise<string[]> {
  const kept = listRigs().filter((rig) => rig.alive && summary(rig.dir) !== undefined);
  for (const { pid } of kept) process.kill(pid, 'SIGTERM');
  while (listRigs().some(({ id }) => kept.some((rig) => rig.id === id))) await sleep(100);
  return kept.map(({ id }) => id);
}

/** The rigs on this host, a paragraph each. */
export function status(): string {
  const rigs = listRigs().map(({ id, pid, alive, dir }) => {
    const owner = alive ? `owner ${pid}` : `owner ${pid} is dead: run test/lab/clean.ts`;
    return `rig ${id}  ${owner}\n${summary(dir) ?? `  ${dir}\n`}`;
  });
  return rigs.join('\n') || 'no rig is up';
}

/** What the keeper wrote down about its rig. */
function summary(dir: string): string | undefined {
  try {
    return readFileSync(join(dir, 'summary.txt'), 'utf8');
  } catch {
    return undefined; // not up yet, or a test's
  }
}

function describe(rig: Rig): string {
  const machines = rig.machines.map(
    ({ name, mac, ip, bmc, paths }) =>
      `  ${name}: BMC ${bmc.host} (${bmc.user} / ${bmc.password})  NIC ${mac}  wants ${ip}  ${paths.dir}\n`,
  );
  const run = `  run the service by: ip netns exec ${rig.network.serviceNamespace} COMMAND\n`;
  const host = `  it is then reached from here at ${rig.service.host}\n`;
  return [...machines, run, host, `  image: ${rig.image.dir}\n`].join('');
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.main) {
  const firmware = (process.argv[3] ?? 'bios') as Firmware; // checked by the command line's front end
  const machines = Array.from({ length: Number(process.argv[2] ?? 1) }, () => ({ firmware }));
  const rig = await createRig({ machines, say: (line) => console.log(line) });
  writeFileSync(join(rig.dir, 'summary.txt'), describe(rig));
  setInterval(() => undefined, 1 << 30); // SIGTERM takes the rig down
}
