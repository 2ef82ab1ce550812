import type { Machine } from '../../domain/machine.ts';
import type { PlanEntry, RunError } from '../../domain/run.ts';
import type { Look, RunnableStep } from '../../domain/step.ts';
import { unreachableCase } from '../../foundation/errors.ts';
import { type JsonObject, sameJson } from '../../foundation/json.ts';
import { takeAct } from './act.ts';
import { attempt, type Drive, knownEvents, waitForNews } from './drive.ts';
import { type BackOff, createBackOff } from './failure.ts';
import type { EngineEvent } from './record.ts';
import { createSight } from './sight.ts';
import { viewFrom } from './view.ts';

/** How driving a step ended. `events` are facts still to be recorded together with whatever is recorded next. */
export type StepOutcome =
  | { readonly kind: 'done'; readonly result: JsonObject; readonly events: readonly EngineEvent[] }
  | {
      readonly kind: 'failed';
      readonly error: RunError;
      readonly events: readonly EngineEvent[];
      readonly again: boolean;
    }
  | { readonly kind: 'deadline'; readonly error: RunError };

/** The shortest time between looks that a step may ask for, milliseconds. */
const SHORTEST_RECHECK_MS = 20;

/**
 * Looks, decides and acts until the step is done, fails, or its time is over. Nothing it needs after a crash is kept here:
 * acts and times are in the record, and what was last seen is seen again.
 * @param deadlineAt epoch ms; may be later than recorded after a takeover
 * @throws Interruption when it is broken off; LeaseLostError and the store's errors from writing
 */
export async function driveStep(
  drive: Drive,
  step: RunnableStep,
  entry: PlanEntry,
  deadlineAt: number,
): Promise<StepOutcome> {
  const { clock, record } = drive;
  const planIndex = record.run.cursor;
  const sight = createSight();
  const lookTrouble = createBackOff();
  const actTrouble = createBackOff();
  let facts: JsonObject | undefined;
  let why: string | undefined;

  while (clock.now() < deadlineAt) {
    const lookedAt = clock.now();
    const machine = await drive.machines.get(record.run.machineId);
    const known = knownEvents(machine, record);
    const view = viewFrom(record, machine, planIndex, deadlineAt);
    const looked = await attempt(drive, entry, drive.idle, deadlineAt, async (signal) => {
      const look = await step.look(view, signal);
      return { look, ruling: look.decide(clock.now()) };
    });
    if (looked.kind === 'deadline') break;
    if (looked.kind === 'fatal') return { kind: 'failed', error: looked.error, events: [], again: false };
    if (looked.kind === 'trouble') {
      sight.failed(looked.error.message);
      await sitOut(drive, entry, lookTrouble, looked.error, deadlineAt);
      continue;
    }

    const { look, ruling } = looked.value;
    lookTrouble.reset();
    sight.saw(look.lastSeen, clock.now());
    const news = observed(look, facts, machine, entry);
    facts = look.facts;
    switch (ruling.kind) {
      case 'done':
        return { kind: 'done', result: ruling.result, events: news };
      case 'fail':
        return {
          kind: 'failed',
          error: { ...ruling.error, step: entry.step },
          events: news,
          again: ruling.again ?? false,
        };
      case 'wait': {
        if (ruling.why !== why) news.push({ type: 'step.waited', step: entry.step, data: { why: ruling.why } });
        why = ruling.why;
        if (news.length > 0) await record.write({}, news);
        const recheckAt = clock.now() + Math.max(SHORTEST_RECHECK_MS, ruling.recheckMs);
        await waitForNews(drive, known, lookedAt, Math.min(recheckAt, deadlineAt));
        break;
      }
      case 'act': {
        const acted = await takeAct(drive, entry, ruling, news, deadlineAt);
        if (acted.kind === 'fatal') return { kind: 'failed', error: acted.error, events: [], again: false };
        if (acted.kind === 'ended') actTrouble.reset();
        if (acted.kind === 'trouble') {
          sight.failed(acted.error.message);
          await sitOut(drive, entry, actTrouble, acted.error, deadlineAt);
        }
        break;
      }
      default:
        return unreachableCase(ruling, 'decision of a step');
    }
  }
  return { kind: 'deadline', error: sight.deadlineError(entry) };
}

/** The event of new facts: when they differ from the last ones, or prove another stage than the machine's last one. */
function observed(look: Look, before: JsonObject | undefined, machine: Machine, { step }: PlanEntry): EngineEvent[] {
  const { facts, stage } = look;
  const same = before !== undefined && sameJson(before, facts);
  if (same && (stage === undefined || stage === machine.stage)) return [];
  return [{ type: 'step.observed', step, data: { facts }, ...(stage === undefined ? {} : { stage }) }];
}

/** Tells of trouble once for as long as it stays the same, and waits a little longer each time. */
async function sitOut(
  { record, clock, idle }: Drive,
  { step }: PlanEntry,
  backOff: BackOff,
  { code, message }: RunError,
  deadlineAt: number,
): Promise<void> {
  const { waitMs, repeated } = backOff.next(code, message);
  if (!repeated) {
    await record.write({}, [{ type: 'step.troubled', step, data: { code, message, nextTryMs: waitMs } }]);
  }
  await clock.sleep(Math.max(0, Math.min(waitMs, deadlineAt - clock.now())), idle);
}
