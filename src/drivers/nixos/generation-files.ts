import { createHash } from 'node:crypto';
import type { GenerationFiles, OpenGenerationFiles } from '../../domain/ports/generation-files.ts';
import { withDeadline } from '../../foundation/deadline.ts';
import { DecodeError, InvalidRequestError, RefusedError, UnreachableError } from '../../foundation/errors.ts';
import type { SshConnection, SshParts } from '../ssh/connection.ts';
import type { SshConnections } from '../ssh/connections.ts';
import { quote, script } from '../ssh/shell.ts';
import { targetOf } from '../ssh/target.ts';
import { REMOTE_PATH } from './remote-path.ts';

/** A line of JSON or a checksum of a file of some 100 MB on a slow disk. */
const COMMAND_MS = 60_000;
/** An initrd over a slow line. */
const READ_MS = 600_000;
/** Real ones are a few kilobytes, more with many specialisations. */
const LARGEST_BOOTSPEC = 4 * 1024 * 1024;
/** Host keys are a kilobyte; the rest is for key files of disks. */
const LARGEST_SECRETS = 16 * 1024 * 1024;

/** Nix store paths only, nothing that leaves them. @see Nix manual, "Store Path" */
const STORE_PATH = /^\/nix\/store\/[0-9a-z]{32}-[A-Za-z0-9+\-._?=]{1,211}(?:\/[A-Za-z0-9+\-._?=]{1,255}){0,8}$/;

/** The files of a machine's NixOS systems, read over SSH; nothing is written there. */
export function createGenerationFiles(parts: SshParts & { readonly connections: SshConnections }): OpenGenerationFiles {
  return async (machine, signal) => {
    const connection = await parts.connections.open(targetOf(machine, 3), signal);
    return { ...filesOf(parts, connection), [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose]() };
  };
}

function filesOf({ clock }: Pick<SshParts, 'clock'>, connection: SshConnection): GenerationFiles {
  const run = async (
    what: string,
    command: string,
    maximumOutputBytes: number,
    signal: AbortSignal,
  ): Promise<Buffer> => {
    const label = `${what} on ${connection.describe}`;
    const { dropped, exitCode, stdout, stderr } = await withDeadline(clock, COMMAND_MS, signal, label, (during) =>
      connection.exec(command, { maximumOutputBytes }, during),
    );
    if (dropped) throw new UnreachableError(`${label}: connection lost`);
    if (exitCode !== 0) throw new RefusedError(`${label}: exit code ${exitCode}: ${said(stderr)}`);
    return stdout;
  };
  return {
    async bootspec(toplevel, signal) {
      const system = toplevel === undefined ? '/run/current-system' : storePath(toplevel);
      const output = await run(
        'read boot.json',
        script(
          `look-bootspec ${quote(system)}`,
          `${REMOTE_PATH}t=$(readlink -e ${quote(system)}) && echo "$t" && cat "$t/boot.json"\n`,
        ),
        LARGEST_BOOTSPEC,
        signal,
      );
      const answer = output.toString('utf8');
      const end = answer.indexOf('\n');
      return { toplevel: storePath(answer.slice(0, end)), text: answer.slice(end + 1) };
    },
    async measure(path, signal) {
      const file = quote(storePath(path));
      const output = await run(
        `checksum of ${path}`,
        script(`look-file ${file}`, `${REMOTE_PATH}stat -L -c %s ${file} && sha256sum <${file}\n`),
        1024,
        signal,
      );
      const match = /^(\d{1,15})\n([0-9a-f]{64}) /.exec(output.toString('utf8'));
      if (match === null) throw new DecodeError(`checksum of ${path} on ${connection.describe}: cannot be read`);
      return { bytes: Number(match[1]), sha256: match[2] ?? '' };
    },
    async initrdSecrets(program, signal) {
      const privilege = connection.user === 'root' ? '' : 'sudo -n ';
      const what = 'secrets of the initrd';
      const output = await run(what, secretsScript(storePath(program), privilege), LARGEST_SECRETS, signal);
      const end = output.indexOf('\n');
      const archive = output.subarray(end + 1);
      const announced = output.subarray(0, 64).toString('latin1');
      if (createHash('sha256').update(archive).digest('hex') !== announced || archive.length === 0)
        throw new DecodeError(`${what} on ${connection.describe}: the checksum told there is another`);
      return archive;
    },
    async read(path, offset, onBytes, signal) {
      if (!Number.isSafeInteger(offset) || offset < 0) throw new InvalidRequestError(`not a byte offset: ${offset}`);
      const label = `read ${path} on ${connection.describe}`;
      const command = script(
        `read-file ${quote(storePath(path))} ${offset}`,
        `${REMOTE_PATH}tail -c +${offset + 1} ${quote(storePath(path))}\n`,
      );
      const complaints: Buffer[] = [];
      const end = await withDeadline(clock, READ_MS, signal, label, (during) =>
        connection.stream(
          command,
          {
            stdout: onBytes,
            stderr: (chunk) => void (complaints.length < 16 && complaints.push(chunk)),
          },
          during,
        ),
      );
      if (end.dropped) throw new UnreachableError(`${label}: connection lost`);
      if (end.exitCode !== 0)
        throw new RefusedError(`${label}: exit code ${end.exitCode}: ${said(Buffer.concat(complaints))}`);
    },
  };
}

/**
 * Has the program append to an empty file, which gives its archive alone. In memory where there is /run, and never readable for others;
 * the checksum goes first.
 */
function secretsScript(program: string, privilege: '' | 'sudo -n '): string {
  return script(
    `append-initrd-secrets ${quote(program)}`,
    `${REMOTE_PATH}umask 077
d=$(mktemp -d -p /run 2>/dev/null || mktemp -d) || exit 1
trap 'rm -rf "$d"' EXIT
: >"$d/s" && ${privilege}${quote(program)} "$d/s" >&2 && sha256sum <"$d/s" && cat "$d/s"
`,
  );
}

/** @throws DecodeError for anything but a path in the Nix store: it comes from a file on the machine, and goes into a command */
function storePath(path: string): string {
  if (!STORE_PATH.test(path) || path.split('/').some((part) => part === '.' || part === '..'))
    throw new DecodeError(`${JSON.stringify(path.slice(0, 120))} is not a path in the Nix store`);
  return path;
}

function said(stderr: Buffer): string {
  return stderr.toString('utf8').trim().slice(-400);
}
