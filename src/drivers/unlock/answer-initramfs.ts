import type { UnlockVerdict } from '../../domain/ports/hosts.ts';
import { withDeadline } from '../../foundation/deadline.ts';
import { rethrowAbort } from '../../foundation/errors.ts';
import type { Secret } from '../../foundation/secret.ts';
import type { SshConnection } from '../ssh/connection.ts';
import type { ExecResult } from '../ssh/exec.ts';
import type { InitrdPrompt } from './initrd-report.ts';
import { type JudgeParts, judge } from './judge.ts';
import { passphraseBytes } from './passphrase.ts';

/** The program itself waits 10 s for a prompt and 10 s for the outcome. */
const ANSWER_MS = 40_000;

/**
 * Answers Debian's `cryptroot-unlock`: bytes on standard input, no newline, no terminal. They are sent only after it has
 * named the disk we mean. What it prints is searched for its own phrases and kept nowhere.
 * @see cryptsetup 2.6.1 debian/initramfs/cryptroot-unlock
 */
export async function answerInitramfs(
  connection: SshConnection,
  parts: JudgeParts,
  prompt: InitrdPrompt,
  passphrase: Secret,
  signal: AbortSignal,
): Promise<UnlockVerdict> {
  using bytes = passphraseBytes(passphrase, prompt.disk);
  const what = `unlock ${prompt.disk} of ${connection.describe}`;
  const result = await withDeadline(parts.clock, ANSWER_MS, signal, what, (during) =>
    connection.exec('cryptroot-unlock', { stdin: bytes, stdinAfter: `Please unlock disk ${prompt.disk}\n` }, during),
  );
  rethrowAbort(signal);
  const verdict = verdictOfUnlock(result, prompt.disk);
  // It waits 10 s for the outcome and then gives up watching, while the disk's key derivation goes on.
  return verdict === 'watch' ? judge(parts, prompt, signal) : verdict;
}

/** Phrase and exit code must agree; where they do not, or neither is there, only looking on tells. */
export function verdictOfUnlock(
  result: Pick<ExecResult, 'exitCode' | 'stderr' | 'dropped' | 'stdinSent'>,
  disk: string,
): UnlockVerdict | 'watch' {
  const { exitCode, dropped, stdinSent } = result;
  const said = result.stderr.toString('utf8').split('\n');
  const opened = said.includes(`cryptsetup: ${disk} set up successfully`);
  const exhausted = said.includes(`cryptsetup: maximum number of tries exceeded for ${disk}`);
  const wrong = said.includes('cryptsetup: cryptsetup failed, bad password or options?');
  if (!stdinSent) return 'nothing-pending';
  // The connection often dies on success: init-bottom kills dropbear. The phrase alone is then enough.
  if (opened && (exitCode === 0 || dropped)) return 'unlocked';
  if (exhausted && exitCode !== 0) return 'exhausted';
  if (wrong && exitCode !== 0) return 'wrong';
  return dropped ? 'unknown' : 'watch';
}
