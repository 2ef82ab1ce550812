import type { NewEvent } from '../../src/domain/event.ts';
import type { Stage } from '../../src/domain/machine.ts';
import type { RunChange } from '../../src/domain/ports/runs.ts';
import type { Run, RunError } from '../../src/domain/run.ts';
import type { JsonObject } from '../../src/foundation/json.ts';
import type { Store } from '../../src/store/store.ts';

type Told = Omit<NewEvent, 'source' | 'runId'>;

/** Drives a run by hand, writing what the engine would write. */
export type ScriptedRun = {
  readonly id: string;
  /** Enters the next step of the plan, or the one at `index`. */
  enter(index?: number): Promise<void>;
  /** Events of the present step. */
  tell(...events: readonly Told[]): Promise<void>;
  sees(facts: JsonObject, stage?: Stage): Promise<void>;
  /** Ends the present step. */
  done(result?: JsonObject): Promise<void>;
  output(text: string): Promise<void>;
  succeed(): Promise<void>;
  fail(error: RunError): Promise<void>;
  cancelled(): Promise<void>;
};

/** Claims the oldest queued run, which must be `queued`. */
export async function driveRun(store: Store, queued: Pick<Run, 'id'>): Promise<ScriptedRun> {
  const { runs, output } = store;
  const owner = `script-${queued.id}`;
  const claimed = await runs.claim(owner, 3_600_000);
  if (claimed?.id !== queued.id) throw new Error(`run ${queued.id} is not the oldest one queued`);
  let run: Run = claimed;
  const guard = { runId: run.id, owner, fence: run.fence };
  const entry = () => run.plan[run.cursor];
  const step = (): string => entry()?.step ?? '';
  const write = async (change: RunChange, events: readonly Told[]): Promise<void> => {
    run = await runs.write(
      guard,
      change,
      events.map((event) => ({ ...event, source: 'engine' as const })),
    );
  };
  const took = (): number => Date.now() - (run.stepEnteredAt ?? Date.now());
  const end = (state: 'succeeded' | 'failed' | 'cancelled', events: readonly Told[], error?: RunError): Promise<void> =>
    write({ state, endedAt: Date.now(), ...(error === undefined ? {} : { error }) }, events);

  return {
    id: run.id,
    async enter(index = run.stepEnteredAt === null ? 0 : run.cursor + 1) {
      const next = run.plan[index];
      if (next === undefined) throw new Error(`the plan has no step ${index}`);
      const now = Date.now();
      await write({ cursor: index, stepEnteredAt: now, stepDeadlineAt: now + next.deadlineMs }, [
        { type: 'step.entered', step: next.step, data: { index, round: run.round, deadlineMs: next.deadlineMs } },
      ]);
    },
    tell: (...events) =>
      write(
        {},
        events.map((event) => ({ step: step(), ...event })),
      ),
    sees: (facts, stage) =>
      write({}, [{ type: 'step.observed', step: step(), data: { facts }, ...(stage === undefined ? {} : { stage }) }]),
    done: (result = {}) =>
      write({ result: { planIndex: run.cursor, value: result } }, [
        { type: 'step.done', step: step(), data: { result, tookMs: took() } },
      ]),
    async output(text) {
      const offset = await output.end(run.id, run.cursor);
      await output.append(run.id, run.cursor, offset, Buffer.from(text));
    },
    succeed: () => end('succeeded', [{ type: 'run.succeeded', data: { tookMs: Date.now() - run.createdAt } }]),
    fail: (error) => {
      const { code, message, hint = null, lastSeen = null } = error;
      return end('failed', [{ type: 'run.failed', step: step(), data: { code, message, hint, lastSeen } }], error);
    },
    cancelled: () => end('cancelled', [{ type: 'run.cancelled', data: { tookMs: Date.now() - run.createdAt } }]),
  };
}
