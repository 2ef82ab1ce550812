import { createHash } from 'node:crypto';
import type { Clock } from '../../foundation/clock.ts';
import { type Entropy, randomId } from '../../foundation/entropy.ts';

export type SimulatedDisk = { readonly name: string; readonly passphrase: string };

/** A passphrase as it arrived: proof of exactly-once. Only its digest is kept. */
export type ReceivedPassphrase = {
  readonly bootId: string;
  readonly disk: string;
  readonly sha256: string;
  readonly right: boolean;
  readonly at: number;
};

/** A question waiting for an answer. */
export type DiskPrompt = {
  readonly disk: string;
  readonly pid: number;
  /** Clock ticks since boot, as /proc/PID/stat has it. */
  readonly startTime: number;
  /** systemd: names the ask file and its socket. */
  readonly suffix: string;
  /** Wrong tries before this one. */
  readonly tried: number;
};

export type DiskAnswer = 'opened' | 'wrong' | 'exhausted';

export type DiskOptions = {
  readonly bootId: string;
  readonly disks: readonly SimulatedDisk[];
  /** One prompt after the other (initramfs-tools), or all at once (systemd). */
  readonly sequential: boolean;
  /** After `tries` wrong ones: asks anew (initramfs-tools' local-block), or gives up (systemd). */
  readonly whenExhausted: 'ask-anew' | 'fail';
  /** From the start, or from the last answer, to the question. */
  readonly promptMs: number;
  /** How long trying a passphrase takes. */
  readonly kdfMs: number;
  readonly onReceived: (received: ReceivedPassphrase) => void;
};

/** cryptsetup's default number of tries. @see crypttab(5), tries= */
const TRIES = 3;

export type EncryptedDisks = {
  readonly prompts: readonly DiskPrompt[];
  readonly opened: readonly string[];
  readonly failed: readonly string[];
  /** How many are not open yet. */
  locked(): number;
  /** Gives an answer to a pending prompt; settles when the key derivation is done. */
  answer(prompt: DiskPrompt, bytes: Buffer): Promise<DiskAnswer>;
  /** Resolves when every disk is open, or rejects with the signal's reason. */
  readonly allOpen: Promise<void>;
};

/** The disks of one boot: asks for passphrases, takes its time to try them, counts tries. Ends with `signal`. */
export function startEncryptedDisks(
  { clock, entropy }: { readonly clock: Clock; readonly entropy: Entropy },
  options: DiskOptions,
  signal: AbortSignal,
): EncryptedDisks {
  const started = clock.elapsed();
  const prompts: DiskPrompt[] = [];
  const opened: string[] = [];
  const failed: string[] = [];
  const waiting = new Map<DiskPrompt, (bytes: Buffer) => Promise<DiskAnswer>>();
  let nextPid = 300 + (entropy.bytes(1)[0] ?? 0);

  /** Asks for one disk until it is open or given up. */
  async function unlock(disk: SimulatedDisk): Promise<void> {
    for (let tried = 0; ; ) {
      await clock.sleep(options.promptMs, signal);
      const answer = await ask(disk, tried);
      if (answer === 'opened') return;
      tried = answer === 'exhausted' ? 0 : tried + 1;
      if (answer === 'exhausted' && options.whenExhausted === 'fail') {
        failed.push(disk.name);
        return;
      }
    }
  }

  function ask(disk: SimulatedDisk, tried: number): Promise<DiskAnswer> {
    const prompt: DiskPrompt = {
      disk: disk.name,
      pid: nextPid++,
      startTime: Math.floor((clock.elapsed() - started) / 10),
      suffix: randomId(entropy, 6),
      tried,
    };
    prompts.push(prompt);
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      waiting.set(prompt, async (bytes) => {
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        const right = bytes.equals(Buffer.from(disk.passphrase));
        options.onReceived({ bootId: options.bootId, disk: disk.name, sha256, right, at: clock.now() });
        await clock.sleep(options.kdfMs, signal);
        const answer = right ? 'opened' : tried + 1 >= TRIES ? 'exhausted' : 'wrong';
        if (right) opened.push(disk.name);
        resolve(answer);
        return answer;
      });
    });
  }

  const work = async (): Promise<void> => {
    if (options.sequential) for (const disk of options.disks) await unlock(disk);
    else await Promise.all(options.disks.map(unlock));
    // A disk that was given up keeps the boot here: emergency mode.
    if (failed.length > 0)
      await new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  const allOpen = work();
  allOpen.catch(() => undefined);

  return {
    prompts,
    opened,
    failed,
    locked: () => options.disks.length - opened.length,
    allOpen,
    async answer(prompt, bytes) {
      const take = waiting.get(prompt);
      if (take === undefined) throw new Error(`the prompt of ${prompt.disk} was answered before`);
      waiting.delete(prompt);
      prompts.splice(prompts.indexOf(prompt), 1);
      return take(bytes);
    },
  };
}
