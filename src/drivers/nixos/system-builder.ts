import type { Machine } from '../../domain/machine.ts';
import type { RebuildStatus, SystemBuilder } from '../../domain/ports/system-builder.ts';
import { withDeadline } from '../../foundation/deadline.ts';
import { ConflictError, InvalidRequestError, RefusedError, UnreachableError } from '../../foundation/errors.ts';
import type { Secret } from '../../foundation/secret.ts';
import type { SshConnection, SshParts } from '../ssh/connection.ts';
import type { SshConnections } from '../ssh/connections.ts';
import type { ExecResult } from '../ssh/exec.ts';
import { targetOf } from '../ssh/target.ts';
import { nixConf, openAccessTokens } from './access-tokens.ts';
import {
  followScript,
  PROBE_SCRIPT,
  type Privilege,
  prepareScript,
  removeScript,
  startScript,
  statusScript,
  tokensScript,
  wrapperScript,
} from './job-scripts.ts';
import { parseJobStatus } from './job-status.ts';
import { parseProbe } from './probe-report.ts';
import { checkJob, checkOrder, rebuildCommand } from './rebuild-order.ts';
import { createRedactor } from './redactor.ts';

export type SystemBuilderParts = SshParts & { readonly connections: SshConnections };

/** One command of start, status, stop or tidy. The probe's help may take 20 s by itself, stopping a unit as long. */
const COMMAND_MS = 40_000;

/** `nixos-rebuild` on the machine, over SSH under its pinned stage-3 key. */
export function createSystemBuilder(parts: SystemBuilderParts): SystemBuilder {
  const { clock, log, secrets, connections } = parts;

  const open = (machine: Machine, signal: AbortSignal): Promise<SshConnection> =>
    connections.open(targetOf(machine, 3), signal);

  /** Runs a script to its end. @throws RefusedError when it fails, with the last lines it wrote to standard error */
  const run = async (
    connection: SshConnection,
    what: string,
    command: string,
    stdin: Buffer | Secret | undefined,
    signal: AbortSignal,
  ): Promise<ExecResult> => {
    const label = `${what} on ${connection.describe}`;
    const options = stdin === undefined ? {} : { stdin };
    const result = await withDeadline(clock, COMMAND_MS, signal, label, (during) =>
      connection.exec(command, options, during),
    );
    if (result.dropped) throw new UnreachableError(`${label}: connection lost`);
    if (result.exitCode === 0) return result;
    const said = result.stderr.toString('utf8').trim().slice(-400);
    throw new RefusedError(`${label}: exit code ${result.exitCode ?? result.signal}: ${said}`);
  };

  const readStatus = async (connection: SshConnection, job: string, signal: AbortSignal): Promise<RebuildStatus> =>
    parseJobStatus((await run(connection, 'rebuild status', statusScript(job), undefined, signal)).stdout);

  const privilegeOf = (connection: SshConnection): Privilege => (connection.user === 'root' ? '' : 'sudo -n ');

  return {
    async status(machine, job, signal) {
      checkJob(job);
      await using connection = await open(machine, signal);
      return await readStatus(connection, job, signal);
    },

    async start(machine, order, signal) {
      checkOrder(order);
      using access = await openAccessTokens(secrets, machine, signal);
      await using connection = await open(machine, signal);
      const { job } = order;
      const existing = await readStatus(connection, job, signal);
      if (existing.kind !== 'absent') throw new ConflictError(`rebuild job ${job} is already ${existing.kind} there`);
      const probe = parseProbe((await run(connection, 'rebuild probe', PROBE_SCRIPT, undefined, signal)).stdout);
      const where = connection.describe;
      if (probe.rebuild === null) throw new RefusedError(`${where}: there is no nixos-rebuild in its PATH`);
      const elevate = machine.spec.rebuild?.elevate ?? (probe.uid === '0' ? 'none' : 'sudo');
      const privilege: Privilege = probe.uid === '0' ? '' : 'sudo -n ';
      if (privilege !== '' && (elevate === 'none' || !probe.sudo)) {
        throw new RefusedError(
          `${where}: user ${connection.user} cannot become root by sudo without a password; connect as root, or allow it and leave rebuild.elevate at sudo`,
        );
      }
      const command = rebuildCommand(order, probe.flags, elevate);
      const wrapper = Buffer.from(wrapperScript(job, command));
      try {
        await run(connection, 'rebuild preparation', prepareScript(job, privilege), wrapper, signal);
        if (access.tokens.length > 0) {
          using conf = nixConf(access, probe.home);
          await run(connection, 'rebuild preparation', tokensScript(job), conf, signal);
        }
        const start = startScript(job, { privilege, uid: probe.uid, gid: probe.gid, home: probe.home });
        await run(connection, 'rebuild start', start, undefined, signal);
      } catch (error) {
        // Refused for sure: nothing runs, so nothing may stay, tokens least of all. Otherwise it may run, and is looked up.
        if (error instanceof RefusedError) {
          await run(connection, 'rebuild tidying', removeScript(job, privilege, 'tidy'), undefined, signal);
        }
        throw error;
      }
      log.info({ host: where, job, command }, 'rebuild started');
    },

    async follow(machine, job, offset, onOutput, signal) {
      checkJob(job);
      if (!Number.isSafeInteger(offset) || offset < 0) throw new InvalidRequestError(`not a byte offset: ${offset}`);
      using access = await openAccessTokens(secrets, machine, signal);
      using redactor = createRedactor(access.tokens.map(({ token }) => token));
      await using connection = await open(machine, signal);
      const before = await readStatus(connection, job, signal);
      if (before.kind === 'absent') return before;
      let at = offset;
      const hand = async (bytes: Buffer): Promise<void> => {
        if (bytes.length === 0) return;
        await onOutput(at, bytes);
        at += bytes.length;
      };
      // tail's own complaints are no output of the build; a vanished folder shows in the status.
      const sinks = { stdout: (chunk: Buffer) => hand(redactor.push(chunk)), stderr: () => undefined };
      const end = await connection.stream(followScript(job, offset), sinks, signal);
      if (end.dropped) throw new UnreachableError(`${connection.describe}: connection lost while following job ${job}`);
      await hand(redactor.end());
      return await readStatus(connection, job, signal);
    },

    async stop(machine, job, signal) {
      checkJob(job);
      await using connection = await open(machine, signal);
      await run(connection, 'rebuild stop', removeScript(job, privilegeOf(connection), 'stop'), undefined, signal);
      log.info({ host: connection.describe, job }, 'rebuild stopped');
    },

    async tidy(machine, job, signal) {
      checkJob(job);
      await using connection = await open(machine, signal);
      const status = await readStatus(connection, job, signal);
      if (status.kind === 'running')
        throw new ConflictError(`rebuild job ${job} is still running there: stop it first`);
      await run(connection, 'rebuild tidying', removeScript(job, privilegeOf(connection), 'tidy'), undefined, signal);
    },
  };
}
