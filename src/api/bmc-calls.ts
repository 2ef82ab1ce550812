import type { Response } from 'express';
import type { EventType } from '../domain/event.ts';
import type { Machine } from '../domain/machine.ts';
import type { Bmc } from '../domain/ports/bmc.ts';
import type { Bmcs } from '../domain/ports/bmcs.ts';
import { ACTIVE_RUN_STATES } from '../domain/run.ts';
import {
  BugError,
  ConfigError,
  ConflictError,
  DeadlineError,
  errorText,
  InvalidRequestError,
  ServiceError,
  UnreachableError,
} from '../foundation/errors.ts';
import type { JsonObject } from '../foundation/json.ts';
import type { Caller } from './authentication.ts';
import { createBmcLine } from './bmc-line.ts';
import { HttpError } from './http-error.ts';
import type { ApiParts } from './parts.ts';
import type { Reply } from './route.ts';

/** Who asks for what of which machine. */
export type BmcRequest = {
  readonly params: { readonly name: string };
  readonly caller: Caller;
  readonly response: Response;
};

/** A change to be made, as the timeline tells it. */
export type BmcWrite = {
  readonly type: Extract<EventType, `bmc.${string}`>;
  /** What was asked for. */
  readonly data: JsonObject;
  /** Refused while a run is active, in words that go on with "while run … is active". */
  readonly notDuringRun?: string;
};

/** What became of a change: the answer, and what else the timeline should have. */
export type Done = { readonly reply: Reply; readonly data?: JsonObject; readonly outcome?: 'unknown' };

/** Requests that ask or change something at a machine's controller, one of each kind at a time for each machine. */
export type BmcCalls = {
  /**
   * Asks. When the client goes away, so does the question; then there is nobody to answer, and nothing is.
   * @throws what finding the machine, opening its controller and `work` throw; HttpError `bmc-busy`
   */
  read(request: BmcRequest, work: (bmc: Bmc, signal: AbortSignal) => Promise<Reply>): Promise<Reply | undefined>;
  /**
   * Changes something, and puts that with its outcome into the timeline. A client that goes away while the change waits
   * for its turn takes it along; from then on it goes to its end. `act` may throw `client`'s reason as long as it has
   * changed nothing.
   * @throws as `read`, and ConflictError for what is refused while a run is active
   */
  write(
    request: BmcRequest,
    write: BmcWrite,
    act: (bmc: Bmc, signal: AbortSignal, client: AbortSignal) => Promise<Done>,
  ): Promise<Reply | undefined>;
  /** Ends reads and what waits, and resolves when every change is made and told. */
  close(): Promise<void>;
};

export function createBmcCalls(
  parts: Pick<ApiParts, 'machines' | 'runs' | 'bmcs' | 'timeline' | 'clock' | 'log'>,
): BmcCalls {
  const { machines, runs, bmcs, timeline, clock, log } = parts;
  const line = createBmcLine();
  const closing = new AbortController();
  const never = new AbortController().signal;
  const inHand = new Set<Promise<unknown>>();

  return {
    read: ({ params, response }, work) =>
      whileAsked(response, async (client) => {
        const machine = await machines.get(params.name);
        using _turn = await line.turn(machine.id, 'read', client);
        await using bmc = await openBmc(bmcs, machine, client);
        return await work(bmc, client);
      }),
    write: (request, write, act) =>
      whileAsked(request.response, async (client) => {
        const machine = await machines.get(request.params.name);
        await refuseDuringRun(machine, write);
        using _turn = await line.turn(machine.id, 'write', client);
        const change = carryOut(machine, request.caller, write, (bmc) => act(bmc, never, client));
        inHand.add(change);
        try {
          return await change;
        } catch (error) {
          if (client.aborted && error !== client.reason) {
            log.warn(
              { machine: machine.spec.name, type: write.type, error: errorText(error) },
              'failed, and nobody was told',
            );
          }
          throw error;
        } finally {
          inHand.delete(change);
        }
      }),
    async close() {
      closing.abort(new HttpError('not-ready', 'the service is closing'));
      await Promise.allSettled(inHand);
    },
  };

  /** Does `work` under a signal that fires when the client goes or the service closes. */
  async function whileAsked(
    response: Response,
    work: (client: AbortSignal) => Promise<Reply>,
  ): Promise<Reply | undefined> {
    closing.signal.throwIfAborted();
    const gone = new AbortController();
    const leave = (): void => gone.abort(new DOMException('the client has gone', 'AbortError'));
    response.once('close', leave);
    if (response.closed) leave();
    try {
      return await work(AbortSignal.any([gone.signal, closing.signal]));
    } catch (error) {
      if (gone.signal.aborted) return undefined;
      throw error;
    } finally {
      response.off('close', leave);
    }
  }

  async function carryOut(
    machine: Machine,
    { name: actor }: Caller,
    write: BmcWrite,
    act: (bmc: Bmc) => Promise<Done>,
  ): Promise<Reply> {
    const startedAt = clock.elapsed();
    const record = async (outcome: JsonObject): Promise<void> => {
      const data = { actor, ...write.data, ...outcome, tookMs: Math.round(clock.elapsed() - startedAt) };
      await timeline.append(machine.id, [{ type: write.type, source: 'api', data }]);
    };
    let done: Done;
    try {
      await using bmc = await openBmc(bmcs, machine, never);
      // Asked again, since a run may have begun while this waited for its turn.
      await refuseDuringRun(machine, write);
      done = await act(bmc);
    } catch (error) {
      if (!isAnswerOnly(error)) await recordFailure(record, error);
      throw error;
    }
    await record({ outcome: done.outcome ?? 'done', ...done.data });
    return done.reply;
  }

  /** The failure itself is what the caller must hear of, whatever becomes of its record. */
  async function recordFailure(record: (outcome: JsonObject) => Promise<void>, error: unknown): Promise<void> {
    try {
      await record(outcomeOf(error));
    } catch (trouble) {
      log.error({ error: trouble }, 'a failed change could not be put into the timeline');
    }
  }

  async function refuseDuringRun(machine: Machine, { notDuringRun }: BmcWrite): Promise<void> {
    if (notDuringRun === undefined) return;
    const [run] = await runs.list({ machineId: machine.id, states: ACTIVE_RUN_STATES, limit: 1 });
    if (run === undefined) return;
    const { kind } = run.request;
    throw new RunActiveError(`${notDuringRun} while run ${run.id} (${kind}) of ${machine.spec.name} is active`, {
      details: { runId: run.id, kind, hint: 'Wait for the end of the run, or cancel it.' },
    });
  }
}

/** Told apart from conflicts that the controller finds: nothing was tried. */
class RunActiveError extends ConflictError {}

/** The request was refused before anything was tried: no part of the machine's story. */
function isAnswerOnly(error: unknown): boolean {
  if (error instanceof RunActiveError || error instanceof InvalidRequestError || error instanceof HttpError)
    return true;
  return error instanceof DOMException && error.name === 'AbortError';
}

/** After silence nobody knows whether the controller has done it. */
function outcomeOf(error: unknown): JsonObject {
  const silent = error instanceof UnreachableError || error instanceof DeadlineError;
  const outcome = silent ? 'unknown' : 'failed';
  if (!(error instanceof ServiceError) || error instanceof BugError) {
    return { outcome, code: 'bug', message: 'an error in the service itself; its log has it' };
  }
  return { outcome, code: error.code, message: error.message };
}

/** What the machine's entry lacks is told, since it is for the reader to put right; it names references, never values. */
async function openBmc(bmcs: Pick<Bmcs, 'open'>, machine: Machine, signal: AbortSignal): Promise<Bmc> {
  try {
    return await bmcs.open(machine, signal);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new HttpError('bmc-not-usable', error.message, { cause: error, details: error.details });
  }
}
