import type { Initrd } from '../../domain/ports/hosts.ts';
import type { Clock } from '../../foundation/clock.ts';
import { withDeadline } from '../../foundation/deadline.ts';
import { RefusedError, rethrowAbort, UnreachableError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { SshConnection } from '../ssh/connection.ts';
import { answerInitramfs } from './answer-initramfs.ts';
import { answerSystemd } from './answer-systemd.ts';
import { type InitrdReport, parseInitrdReport } from './initrd-report.ts';
import type { JudgeParts } from './judge.ts';
import { LOOK_SCRIPT } from './look-script.ts';

export type InitrdParts = { readonly clock: Clock; readonly log: Log };

const LOOK_MS = 15_000;

/** @param connection under a pinned stage-1 key; closed with what is returned */
export function createInitrd({ clock, log }: InitrdParts, connection: SshConnection): Initrd {
  const where = connection.describe;

  const look = async (signal: AbortSignal): Promise<InitrdReport> =>
    withDeadline(clock, LOOK_MS, signal, `look at ${where}`, async (during) => {
      const result = await connection.exec(LOOK_SCRIPT, {}, during);
      if (result.dropped) throw new UnreachableError(`${where}: connection lost while looking`);
      if (result.exitCode !== 0) {
        throw new RefusedError(`${where}: the look script ended with exit code ${result.exitCode ?? result.signal}`);
      }
      return parseInitrdReport(result.stdout, where);
    });

  const judging: JudgeParts = {
    clock,
    async look(signal) {
      try {
        return await look(signal);
      } catch (error) {
        rethrowAbort(signal);
        // The machine goes on booting and takes its SSH server with it, sometimes in the middle of a look.
        log.debug({ host: where, error }, 'stage 1 ended while the verdict was awaited');
        return undefined;
      }
    },
  };

  return {
    async look(signal) {
      const { bootId, init, flavour, prompts, unlocked, exhausted } = await look(signal);
      const pending = prompts.map(({ disk, id }) => ({ disk, id }));
      return { bootId, init, flavour, prompts: pending, unlocked, exhausted };
    },

    async answer(prompt, passphrase, signal) {
      const report = await look(signal);
      if (report.unlocked.includes(prompt.disk)) return 'unlocked';
      const pending = report.prompts.find((other) => other.disk === prompt.disk && other.id === prompt.id);
      if (pending === undefined) return 'nothing-pending';
      const verdict =
        report.flavour === 'initramfs'
          ? await answerInitramfs(connection, judging, pending, passphrase, signal)
          : await answerSystemd(connection, judging, report, pending, passphrase, signal);
      log.info({ host: where, disk: prompt.disk, verdict }, 'passphrase answered');
      return verdict;
    },

    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}
