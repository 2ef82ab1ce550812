/**
 * A machine's chassis: its power switch, its boot override and its serial line, over any number of POSTs.
 *
 * A reset, and a reboot that the guest asks for, is a POST too (QEMU runs with -no-reboot and is started again), so an
 * override set while the system runs is honoured. It lasts for one POST, of whatever cause, as on a real machine. The
 * file `firmware` is read at each POST.
 */
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Post, startPost } from './post.ts';
import { type Firmware, type HardwareConfig, qemuCommand } from './qemu-command.ts';

/** The controls of a chassis. */
export interface Chassis {
  /**
   * Carries out one line in the words of ipmi_sim's chassis_control:
   *   get power boot | set power 0|1 | set reset 1 | set boot none|pxe|default|cdrom|bios | set shutdown 1
   * ("default" is IPMI's word for the hard disk.)
   * @returns the answer, empty for a set; only when what was asked has been done
   */
  readonly control: (line: string) => Promise<string>;
  /** Types on the serial line; nothing happens while the machine is off. */
  readonly type: (data: Buffer) => void;
  /** Powers on when switched on, again and again, for ever. */
  readonly run: () => Promise<never>;
}

/**
 * Makes the chassis of the machine whose folder is the current one; it is off.
 * @param onSerial given what the machine prints
 */
export function createChassis(machine: HardwareConfig, onSerial: (data: Buffer) => void): Chassis {
  let wanted = false; // the power switch
  let flip: () => void = () => undefined; // tells `run` that the switch is on
  let post: Post | undefined;
  let why = ''; // why the machine is about to end, when it is us

  const cut = async (reason: string) => {
    why = reason;
    await post?.cut();
  };

  const set = async (name: string, value: string) => {
    log('set', name, value);
    if (name === 'boot') write('boot', value);
    else if (name === 'shutdown') post?.button();
    else if (name === 'reset') await cut('reset');
    else if (name === 'power' && value === '1') {
      wanted = true;
      flip();
    } else if (name === 'power') {
      wanted = false;
      await cut('off');
    } else throw new Error(`unknown setting: ${name}`);
    return '';
  };

  const control = async (line: string) => {
    const [verb, ...words] = line.trim().split(/\s+/);
    if (verb === 'set') return await set(words[0] ?? '', words[1] ?? '');
    if (verb !== 'get') throw new Error(`unknown verb: ${line}`);
    const values: Record<string, string> = { power: wanted ? '1' : '0', boot: read('boot', 'none') };
    return words.map((word) => `${word}:${values[word] ?? ''}`).join('\n');
  };

  const once = async () => {
    const boot = read('boot', 'none');
    const firmware = firmwareOf(read('firmware', 'bios'));
    write('boot', 'none'); // one-shot, taken
    why = '';
    log('post', `boot=${boot}`, `firmware=${firmware}`);
    post = startPost(qemuCommand(machine, firmware, boot), onSerial, (what) => log('qemu', what));
    const reason = await post.ended;
    post = undefined;
    log('end', why || reason || 'died');
    // Off and on again while QEMU was ending (a power cycle) leaves the switch on; else only a reset does.
    const again =
      why === 'reset' || (why === '' && (reason === 'guest-reset' || reason === 'reset')) || (why === 'off' && wanted);
    if (!again) wanted = false;
  };

  const run = async () => {
    for (;;) {
      const on = new Promise<void>((resolve) => {
        flip = resolve;
      });
      if (!wanted) await on;
      await once();
    }
  };
  return { control, type: (data) => post?.type(data), run };
}

function firmwareOf(text: string): Firmware {
  return text === 'uefi' || text === 'uefi-http' ? text : 'bios';
}

/** One line of events.log: seconds since 1970, what happened, its words. */
function log(...words: string[]): void {
  appendFileSync('events.log', `${(Date.now() / 1000).toFixed(3)} ${words.join(' ')}\n`);
}

function read(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8').trim() || otherwise;
  } catch {
    return otherwise; // never written
  }
}

function write(file: string, text: string): void {
  writeFileSync(`${file}.new`, `${text}\n`);
  renameSync(`${file}.new`, file);
}
