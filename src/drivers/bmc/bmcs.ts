import type { BmcSpec, Machine } from '../../domain/machine.ts';
import type { Bmc } from '../../domain/ports/bmc.ts';
import type { Bmcs } from '../../domain/ports/bmcs.ts';
import type { Secrets } from '../../domain/ports/secrets.ts';
import type { Clock } from '../../foundation/clock.ts';
import { InvalidRequestError, rethrowAbort, ServiceError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { IpmiBmcs } from './ipmi/ipmi-bmcs.ts';

export type BmcsParts = {
  readonly ipmi: Pick<IpmiBmcs, 'open' | 'resetAuthentication'>;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
};

/** A later entry that answers is asked first for so long, ms; then the configured order counts again. */
const STAND_IN_MS = 60_000;

/** Machines' controllers by whatever protocol each entry names. */
export function createBmcs({ ipmi, secrets, clock, log }: BmcsParts): Bmcs {
  /** By machine: which entry answered while those before it did not, and until when that counts. */
  const standIns = new Map<string, { readonly entry: string; readonly until: number }>();
  return {
    async open(machine, signal) {
      const [only, ...others] = machine.spec.bmcs;
      if (only === undefined) throw hasNone(machine, 'its power cannot be read or switched');
      return others.length === 0 ? await openOne(only, signal) : await firstThatAnswers(machine, signal);
    },
    async resetAuthentication(machine, options, signal) {
      if (machine.spec.bmcs.length === 0) throw hasNone(machine, 'there is no login to allow again');
      await Promise.all(machine.spec.bmcs.map((spec) => ipmi.resetAuthentication(spec, options, signal)));
    },
  };

  async function openOne(spec: BmcSpec, signal: AbortSignal): Promise<Bmc> {
    using password = await secrets.open(spec.password, signal);
    using kg = spec.kg === undefined ? undefined : await secrets.open(spec.kg, signal);
    const { protocol: _protocol, password: _reference, kg: _kg, ...rest } = spec;
    return await ipmi.open({ ...rest, password, ...(kg === undefined ? {} : { kg }) }, signal);
  }

  /** Chosen by a read, so that no verb is ever tried on one controller and repeated on the next. */
  async function firstThatAnswers(machine: Machine, signal: AbortSignal): Promise<Bmc> {
    let last: unknown;
    for (const spec of inOrder(machine)) {
      try {
        const bmc = await openOne(spec, signal);
        try {
          await bmc.powerState(signal);
          remember(machine, spec);
          return bmc;
        } catch (error) {
          await bmc[Symbol.asyncDispose]();
          throw error;
        }
      } catch (error) {
        rethrowAbort(signal);
        if (!(error instanceof ServiceError)) throw error;
        log.warn(
          { machine: machine.spec.name, bmc: spec.host, code: error.code },
          'BMC cannot be used, trying the next',
        );
        last = error;
      }
    }
    standIns.delete(machine.id);
    throw last;
  }

  /** A dead controller costs seconds, which a run with many looks would spend at each of them. */
  function inOrder(machine: Machine): readonly BmcSpec[] {
    const { bmcs } = machine.spec;
    const standIn = standIns.get(machine.id);
    if (standIn === undefined || clock.elapsed() >= standIn.until) return bmcs;
    const first = bmcs.find((spec) => nameOf(spec) === standIn.entry);
    return first === undefined ? bmcs : [first, ...bmcs.filter((spec) => spec !== first)];
  }

  function remember(machine: Machine, spec: BmcSpec): void {
    const known = standIns.get(machine.id);
    if (spec === machine.spec.bmcs[0]) standIns.delete(machine.id);
    else if (known?.entry !== nameOf(spec) || clock.elapsed() >= known.until)
      standIns.set(machine.id, { entry: nameOf(spec), until: clock.elapsed() + STAND_IN_MS });
  }
}

function nameOf({ host, port, user }: BmcSpec): string {
  return `${user} ${host} ${port ?? ''}`;
}

function hasNone(machine: Machine, so: string): InvalidRequestError {
  return new InvalidRequestError(`${machine.spec.name} has no BMC: ${so}`, {
    details: { hint: 'Declare bmcs for the machine.' },
  });
}
