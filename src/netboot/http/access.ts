import type { Machine } from '../../domain/machine.ts';
import type { Machines } from '../../domain/ports/machines.ts';
import type { BootAttempt, BootAttempts } from '../../domain/ports/netboot.ts';
import type { Clock } from '../../foundation/clock.ts';
import { NotFoundError } from '../../foundation/errors.ts';
import type { Peers } from '../peers.ts';

export type Access =
  | { readonly kind: 'granted'; readonly attempt: BootAttempt; readonly machine: Machine }
  | {
      readonly kind: 'denied';
      readonly status: 403 | 404 | 410;
      /** Shown on the machine's screen and in the timeline. */
      readonly why: string;
      /** Whose timeline it belongs to, where the token was one of ours. */
      readonly machineId?: string;
    };

export type AccessDeps = {
  readonly attempts: Pick<BootAttempts, 'find'>;
  readonly machines: Pick<Machines, 'get'>;
  readonly peers: Peers;
  readonly clock: Clock;
};

/** Decides whether the bearer of a token, at this address, may fetch the files of its attempt. */
export function createAccess({ attempts, machines, peers, clock }: AccessDeps) {
  return async (token: string, address: string): Promise<Access> => {
    const attempt = await attempts.find(token);
    if (attempt === undefined) return { kind: 'denied', status: 404, why: 'there is no such boot attempt' };
    const { machineId } = attempt;
    const machine = await machineOf(machineId);
    if (machine === undefined)
      return { kind: 'denied', status: 404, why: 'the machine of this boot attempt was removed' };
    if (!(await peers.belongsTo(address, machine))) {
      const why = `this boot attempt belongs to ${machine.spec.name}, and ${address} is not its address`;
      return { kind: 'denied', status: 403, why, machineId };
    }
    if (attempt.ended)
      return { kind: 'denied', status: 410, why: 'this boot attempt has ended; order a new run', machineId };
    if (attempt.expiresAt <= clock.now()) {
      return { kind: 'denied', status: 410, why: 'this boot attempt has expired; order a new run', machineId };
    }
    return { kind: 'granted', attempt, machine };
  };

  async function machineOf(machineId: string): Promise<Machine | undefined> {
    try {
      return await machines.get(machineId);
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }
}
