/**
 * The lab for a person: `node test/lab/cli.ts COMMAND`.
 *   up [N] [--firmware bios|uefi|uefi-http]   N machines (default 1), until `down`; prints their addresses
 *   status                                    the rigs on this host and their machines
 *   down                                      ends every rig that `up` started
 *   build-image                               builds the guest image if the cache does not have it
 *   by-hand [--firmware F] [--flavour initramfs|systemd] [--json]   a rig, the whole chain with ipmitool, dnsmasq, ssh
 */
import { parseArgs } from 'node:util';
import { runByHand } from './by-hand.ts';
import { ensureImage } from './image/image.ts';
import { detach, endKept, status } from './kept.ts';
import type { Firmware } from './rig/qemu-command.ts';
import { createRig } from './rig/rig.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    firmware: { type: 'string', default: 'bios' },
    flavour: { type: 'string', default: 'initramfs' },
    json: { type: 'boolean', default: false },
  },
});
const say = (line: string) => console.error(line);
const [command, count = '1'] = positionals;

switch (command) {
  case 'up':
    console.log(await detach(Number(count), firmware(values.firmware)));
    break;
  case 'down':
    for (const id of await endKept()) console.log(`${id} is down`);
    break;
  case 'status':
    console.log(status());
    break;
  case 'build-image':
    console.log((await ensureImage(say)).dir);
    break;
  case 'by-hand':
    process.exitCode = await byHand();
    break;
  default:
    console.error(
      'usage: cli.ts up [N] | down | status | build-image | by-hand   [--firmware F] [--flavour F] [--json]',
    );
    process.exitCode = 2;
}

/** A rig of one machine through the whole chain; 0 when it went through. */
async function byHand(): Promise<number> {
  await using rig = await createRig({ machines: [{ firmware: firmware(values.firmware) }], say });
  const flavour = values.flavour === 'systemd' ? 'systemd' : 'initramfs';
  const result = await runByHand(rig, 1, flavour, (stage) => {
    if (values.json) console.log(JSON.stringify(stage));
    else
      console.log(`${stage.at.toFixed(1).padStart(8)} s  ${`(+${stage.seconds.toFixed(1)})`.padEnd(9)} ${stage.stage}`);
  });
  if (result.code !== 0) console.error(`${result.stderr}\nlogs: ${rig.dir}`);
  return result.code ?? 1;
}

function firmware(text: string): Firmware {
  if (text === 'bios' || text === 'uefi' || text === 'uefi-http') return text;
  throw new Error(`--firmware ${text}: bios, uefi or uefi-http`);
}
