import type { System } from '../../domain/ports/hosts.ts';
import type { Clock } from '../../foundation/clock.ts';
import { withDeadline } from '../../foundation/deadline.ts';
import { InvalidRequestError, RefusedError, UnreachableError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { SshConnection } from '../ssh/connection.ts';
import type { ExecResult } from '../ssh/exec.ts';
import { LOOK_SCRIPT, sessionScript } from './look-script.ts';
import { parseSessionReport, parseSystemReport } from './system-report.ts';

export type SystemParts = { readonly clock: Clock; readonly log: Log };

const LOOK_MS = 20_000;
/** Ordering a reboot was seen to take 5 s to return on a slow machine. */
const REBOOT_MS = 30_000;

/** @param connection under a pinned stage-3 key; closed with what is returned */
export function createSystem({ clock, log }: SystemParts, connection: SshConnection): System {
  const where = connection.describe;

  const read = (what: string, command: string, signal: AbortSignal): Promise<ExecResult> =>
    withDeadline(clock, LOOK_MS, signal, `${what} of ${where}`, async (during) => {
      const result = await connection.exec(command, {}, during);
      if (result.dropped) throw new UnreachableError(`${where}: connection lost while reading the ${what}`);
      if (result.exitCode !== 0) {
        throw new RefusedError(
          `${where}: reading the ${what} ended with exit code ${result.exitCode ?? result.signal}`,
        );
      }
      return result;
    });

  return {
    async look(signal) {
      return parseSystemReport((await read('state', LOOK_SCRIPT, signal)).stdout, where);
    },

    async session(user, signal) {
      // useradd(8)'s rule, a little wider; it keeps options and shell syntax out as well.
      if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(user)) throw new InvalidRequestError(`not a user name: ${user}`);
      return parseSessionReport((await read('session', sessionScript(user), signal)).stdout);
    },

    async reboot(signal) {
      const command = connection.user === 'root' ? 'systemctl reboot' : 'sudo -n systemctl reboot';
      const what = `reboot ${where}`;
      const result = await withDeadline(clock, REBOOT_MS, signal, what, (during) =>
        connection.exec(command, {}, during),
      );
      // The shutdown may take the connection, or kill the command, before it could answer.
      if (result.dropped || result.signal !== null || result.exitCode === 0) {
        log.info({ host: where, dropped: result.dropped }, 'reboot ordered');
        return;
      }
      const said = result.stderr.toString('utf8').trim().slice(0, 400);
      throw new RefusedError(`${what}: ${command} ended with exit code ${result.exitCode}: ${said}`);
    },

    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}
