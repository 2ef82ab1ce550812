import type { Bmc, PowerOutcome, PowerVerb } from '../../../domain/ports/bmc.ts';
import { withDeadline } from '../../../foundation/deadline.ts';
import { errorText } from '../../../foundation/errors.ts';
import type { Log } from '../../../foundation/log.ts';
import {
  formatFirmware,
  formatIpmiVersion,
  getDeviceId,
} from '../../../protocols/ipmi/commands/application/get-device-id.ts';
import { ChassisControl, chassisControl } from '../../../protocols/ipmi/commands/chassis/chassis-control.ts';
import { getChassisStatus } from '../../../protocols/ipmi/commands/chassis/get-chassis-status.ts';
import { CompletionCode, describeCompletionCode } from '../../../protocols/ipmi/completion-code.ts';
import { PrivilegeLevel } from '../../../protocols/ipmi/privilege-level.ts';
import { applyBootOverride } from './chassis/boot-override.ts';
import type { SessionLogin } from './login/establish-session.ts';
import type { HandshakeDeps } from './login/handshake.ts';
import type { IpmiSettings } from './options.ts';
import { createKeptSession } from './session/kept-session.ts';
import type { Reply } from './session/session.ts';

const actions: Readonly<Record<PowerVerb, number>> = {
  on: ChassisControl.powerUp,
  off: ChassisControl.powerDown,
  'soft-off': ChassisControl.softShutdown,
  cycle: ChassisControl.powerCycle,
  reset: ChassisControl.hardReset,
  diag: ChassisControl.pulseDiagnosticInterrupt,
};

/** The {@link Bmc} port over IPMI 2.0. @param login its secrets are taken over and wiped when the BMC is disposed */
export function createIpmiBmc(
  deps: HandshakeDeps & { readonly log: Log },
  login: SessionLogin,
  settings: IpmiSettings,
): Bmc {
  const { clock, link, log } = deps;
  const { operationMs, verbWaitMs, closeMs } = settings;
  const kept = createKeptSession(deps, login, settings);
  const describe = `IPMI ${link.name} as "${login.user}"`;
  let open = true;

  /** Does `work` in the BMC's turn, under the deadline of one call. */
  function call<T>(what: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline(clock, operationMs, signal, `${what} on BMC ${link.name}`, async (inner) => {
      using _turn = await link.queue.turn(inner);
      return await work(inner);
    });
  }

  return {
    describe,
    identity: (signal) =>
      call('read identity', signal, async (inner) => {
        const device = await kept.read(getDeviceId, undefined, inner);
        const { manufacturerId, productId } = device;
        return {
          manufacturerId,
          productId,
          firmware: formatFirmware(device),
          ipmiVersion: formatIpmiVersion(device),
        };
      }),
    powerState: (signal) =>
      call('read power state', signal, async (inner) => {
        const status = await kept.read(getChassisStatus, undefined, inner);
        return status.powerOn ? 'on' : 'off';
      }),
    async power(verb, signal) {
      // The deadline covers what comes before the verb. Once the verb is out only its own wait counts: a deadline that
      // passed then would turn "sent, no answer" into "failed", and somebody would send it again.
      const what = `power ${verb} on BMC ${link.name}`;
      const { turn, session } = await withDeadline(clock, operationMs, signal, what, async (inner) => {
        const turn = await link.queue.turn(inner);
        try {
          return { turn, session: await kept.confirmed(PrivilegeLevel.operator, inner) };
        } catch (error) {
          turn[Symbol.dispose]();
          throw error;
        }
      });
      using _turn = turn;
      const reply = await session.request(chassisControl, { action: actions[verb] }, [verbWaitMs], signal);
      const outcome = outcomeOf(reply);
      log.info({ bmc: link.name, verb, outcome: outcome.kind }, 'power verb sent');
      return outcome;
    },
    setBootOverride: (override, signal) =>
      call('set boot override', signal, async (inner) => {
        const session = await kept.confirmed(PrivilegeLevel.operator, inner);
        return applyBootOverride(session, override, link.name, kept.readWaitsMs(), inner);
      }),
    async [Symbol.asyncDispose]() {
      if (!open) return;
      open = false;
      const never = new AbortController().signal;
      try {
        await withDeadline(clock, closeMs, never, `close the session with BMC ${link.name}`, async (inner) => {
          using _turn = await link.queue.turn(inner);
          await kept.close(closeMs, inner);
        });
      } catch (error) {
        // Best effort: the BMC ends the session by itself when it has been idle for a minute.
        log.debug({ bmc: link.name, error: errorText(error) }, 'session not closed');
      } finally {
        kept[Symbol.dispose]();
        login.password[Symbol.dispose]();
        login.kg?.[Symbol.dispose]();
      }
    },
  };
}

/** @see IPMI v2.0 rev. 1.1 §28.3: D5h when the present state does not allow the action */
function outcomeOf(reply: Reply<undefined>): PowerOutcome {
  switch (reply.kind) {
    case 'answered':
      return { kind: 'accepted' };
    case 'silent':
      return { kind: 'silent' };
    case 'refused':
      if (reply.completionCode === CompletionCode.notInPresentState) return { kind: 'already' };
      return { kind: 'refused', reason: describeCompletionCode(reply.completionCode) };
  }
}
