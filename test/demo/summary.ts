import type { ShownEvent } from '../support/api-client.ts';

export type StageTime = { readonly stage: string; readonly seconds: number };

/** Seconds per step of the run, in order, from the timeline's own times; a step entered in several rounds is summed. */
export function stageTimes(events: readonly ShownEvent[]): readonly StageTime[] {
  const times: { stage: string; from: number; seconds: number; index: unknown }[] = [];
  for (const event of events) {
    const at = Date.parse(event.at);
    if (event.type === 'step.entered' && event.step !== null) {
      const same = times.find((time) => time.index === event.data.index);
      if (same) same.from = at;
      else times.push({ stage: event.step, from: at, seconds: 0, index: event.data.index });
    }
    const open = times.findLast((time) => time.stage === event.step);
    if (event.type === 'step.done' && open) open.seconds += (at - open.from) / 1000;
  }
  const seen = new Map<string, number>();
  return times.map(({ stage, seconds }) => {
    const count = (seen.get(stage) ?? 0) + 1;
    seen.set(stage, count);
    return { stage: count === 1 ? stage : `${stage} (${count})`, seconds };
  });
}

export function printStageTimes(times: readonly StageTime[], print: (line: string) => void): void {
  for (const { stage, seconds } of times) print(`  ${stage.padEnd(12)} ${seconds.toFixed(1).padStart(7)} s`);
  const total = times.reduce((sum, { seconds }) => sum + seconds, 0);
  print(`  ${'total'.padEnd(12)} ${total.toFixed(1).padStart(7)} s`);
}
