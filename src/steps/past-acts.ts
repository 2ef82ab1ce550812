import type { ActionRecord, StepView } from '../domain/step.ts';
import type { JsonObject } from '../foundation/json.ts';
import { isJsonObject } from '../foundation/json.ts';

/** What steps ask of the record of their own acts. All pure. */

/** The last act with this label in this step and round. */
export function lastAct(view: StepView, label: string): ActionRecord | undefined {
  return view.actions.findLast((act) => act.label === label);
}

/** Whether such an act came to an end without an error in this step and round. */
export function didAct(view: StepView, label: string): boolean {
  return view.actions.some((act) => act.label === label && act.endedAt !== null && act.error === null);
}

/** Whether the run came back to this very step after having been through it. */
export function isRetry(view: StepView): boolean {
  return view.run.results[String(view.planIndex)] !== undefined;
}

/** The step's own result from before the run came back to it. */
export function earlierResult(view: StepView): JsonObject | undefined {
  return asObject(view.run.results[String(view.planIndex)]);
}

/** What an act returned, when it is an object. */
export function resultObject(act: ActionRecord | undefined): JsonObject | undefined {
  return asObject(act?.result);
}

/** A string field of a result that is known to be JSON only. */
export function textOf(object: JsonObject | undefined, field: string): string | undefined {
  const value = object?.[field];
  return typeof value === 'string' ? value : undefined;
}

/** A list of strings in a result; empty when there is none. */
export function textsOf(object: JsonObject | undefined, field: string): readonly string[] {
  const value = object?.[field];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** The latest result of an earlier step, when it is an object. */
export function earlier(view: StepView, step: Parameters<StepView['resultOf']>[0]): JsonObject | undefined {
  return asObject(view.resultOf(step));
}

function asObject(value: Parameters<typeof isJsonObject>[0]): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}
