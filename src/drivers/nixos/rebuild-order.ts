import type { RebuildSpec } from '../../domain/machine.ts';
import type { RebuildOrder } from '../../domain/ports/system-builder.ts';
import { InvalidRequestError } from '../../foundation/errors.ts';
import { quote } from '../ssh/shell.ts';

/** What the machine's nixos-rebuild understands, as the probe found it. */
export type RebuildFlags = ReadonlySet<string>;

/** @throws InvalidRequestError unless it is fit to be the name of a unit and of a folder */
export function checkJob(job: string): void {
  if (!/^[a-z0-9-]{1,64}$/.test(job)) throw new InvalidRequestError(`not a job name: ${JSON.stringify(job)}`);
}

/**
 * Refuses what must not reach a command line: options and shell syntax in disguise, and credentials, which would end up
 * in process lists, lock files and logs.
 * @throws InvalidRequestError saying what to do instead
 */
export function checkOrder(order: RebuildOrder): void {
  checkJob(order.job);
  const { flake, attribute } = order;
  if (!/^[A-Za-z0-9_.-]{1,128}$/.test(attribute) || attribute.startsWith('-')) {
    throw new InvalidRequestError(`attribute ${JSON.stringify(attribute)}: letters, digits, "_", "." and "-" only`);
  }
  if (flake.length > 2048 || !/^[A-Za-z0-9/][\x21-\x7e]*$/.test(flake) || /["'`\\$#]/.test(flake)) {
    throw new InvalidRequestError(
      'flake reference: a URL-like reference or an absolute path, without #, quotes or spaces',
    );
  }
  if (hasCredentials(flake)) {
    throw new InvalidRequestError(
      'flake reference holds credentials, which process lists and lock files would show: put the token into rebuild.accessTokens',
    );
  }
}

/** A user name alone is none where SSH needs it (`git+ssh://git@host/…`); elsewhere tokens are written as one. */
function hasCredentials(flake: string): boolean {
  const authority = /^[a-z+.-]+:\/\/([^/?]*)/i.exec(flake)?.[1] ?? '';
  const at = authority.lastIndexOf('@');
  const user = at < 0 ? '' : authority.slice(0, at);
  const ssh = /^(git\+)?ssh:\/\//i.test(flake);
  if (user !== '' && (!ssh || user.includes(':'))) return true;
  return /[?&](access_token|private_token|token|password|auth)=/i.test(flake);
}

/**
 * The command line of nixos-rebuild, quoted for a shell. Re-execution of the flake's own nixos-rebuild is switched off:
 * it would be foreign code run before anything was built, and `--no-reexec` (2025) or `--fast` (before) does it.
 */
export function rebuildCommand(order: RebuildOrder, flags: RebuildFlags, elevate: RebuildSpec['elevate']): string {
  checkOrder(order);
  const words = ['nixos-rebuild', order.action, '--flake', `${order.flake}#${order.attribute}`];
  words.push(flags.has('--no-reexec') ? '--no-reexec' : '--fast');
  words.push('--print-build-logs');
  if (order.refresh) words.push('--refresh');
  if (elevate === 'sudo') words.push(...elevation(flags));
  return words.map(quote).join(' ');
}

/** `--elevate` is of 26.05, `--sudo` of 25.05; the oldest spelling is still taken by all. */
function elevation(flags: RebuildFlags): readonly string[] {
  if (flags.has('--elevate')) return ['--elevate', 'sudo'];
  return [flags.has('--sudo') ? '--sudo' : '--use-remote-sudo'];
}
