import type { UnlockVerdict } from '../../domain/ports/hosts.ts';
import { withDeadline } from '../../foundation/deadline.ts';
import { RefusedError, rethrowAbort } from '../../foundation/errors.ts';
import type { Secret } from '../../foundation/secret.ts';
import type { SshConnection } from '../ssh/connection.ts';
import { quote } from '../ssh/shell.ts';
import type { InitrdPrompt, InitrdReport } from './initrd-report.ts';
import { type JudgeParts, judge } from './judge.ts';
import { passphraseLine } from './passphrase.ts';

const ANSWER_MS = 15_000;

/**
 * Answers a question of systemd: by `systemd-reply-password` to that question's own socket where the initrd has it, else
 * by the password agent, which answers whatever is pending and therefore only runs when that is one question.
 *
 * The agent's exit code is 0 whatever happens, "nothing was pending" included, so the outcome is looked up afterwards.
 * It is never run with `--watch`: with a piped standard input it would answer later questions with empty passphrases.
 * @throws RefusedError when several questions are pending and the agent could pick the wrong one
 * @see systemd src/reply-password/reply-password.c, src/tty-ask-password-agent/tty-ask-password-agent.c
 */
export async function answerSystemd(
  connection: SshConnection,
  parts: JudgeParts,
  report: InitrdReport,
  prompt: InitrdPrompt,
  passphrase: Secret,
  signal: AbortSignal,
): Promise<UnlockVerdict> {
  const command = commandFor(report, prompt, connection.describe);
  using line = passphraseLine(passphrase, prompt.disk);
  const what = `unlock ${prompt.disk} of ${connection.describe}`;
  const result = await withDeadline(parts.clock, ANSWER_MS, signal, what, (during) =>
    connection.exec(command, { stdin: line }, during),
  );
  rethrowAbort(signal);
  if (result.dropped) return 'unknown';
  return judge(parts, prompt, signal);
}

/** @throws RefusedError as {@link answerSystemd} */
export function commandFor(report: InitrdReport, prompt: InitrdPrompt, where: string): string {
  if (report.replyTool !== null && prompt.socket !== null) {
    return `${quote(report.replyTool)} 1 ${quote(prompt.socket)}`;
  }
  if (report.questions !== 1) {
    throw new RefusedError(
      `${where}: ${report.questions} questions are pending and the initrd has no systemd-reply-password to answer one of them alone; add it to the initrd (NixOS: boot.initrd.systemd.storePaths)`,
      { details: { questions: report.questions } },
    );
  }
  return 'systemd-tty-ask-password-agent --query';
}
