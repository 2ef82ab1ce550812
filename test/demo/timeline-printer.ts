import type { ShownEvent } from '../support/api-client.ts';

/** Prints a run's events as they come, one line each, seconds since the first. */
export function createTimelinePrinter(print: (line: string) => void) {
  let first: number | undefined;
  return (event: ShownEvent): void => {
    const at = Date.parse(event.at);
    first ??= at;
    const seconds = ((at - first) / 1000).toFixed(1).padStart(7);
    const where = `${event.stage === null ? '   ' : `[${event.stage}]`}`.padEnd(5);
    print(`${seconds} s ${where} ${(event.step ?? '').padEnd(9)} ${describe(event)}`);
  };
}

function describe(event: ShownEvent): string {
  const { data } = event;
  switch (event.type) {
    case 'run.queued':
      return `run ordered: ${String(data.kind)}`;
    case 'run.failed':
      return `RUN FAILED: ${String(data.code)}: ${String(data.message)}`;
    case 'step.waited':
      return `waiting ${String(data.why)}`;
    case 'step.entered':
      return `--- ${event.step ?? ''} ---`;
    case 'action.started':
      return `> ${String(data.label)}`;
    case 'action.ended':
      return `< ${String(data.label)} ${brief(data.result)}${data.message === undefined ? '' : ` ERROR ${String(data.message)}`}`;
    case 'step.observed':
      return `sees ${brief(data.facts)}`;
    case 'step.done':
      return `done ${brief(data.result)}`;
    default:
      return `${event.type} ${brief(data)}`;
  }
}

function brief(value: unknown): string {
  const text = value === undefined || value === null ? '' : JSON.stringify(value);
  return text.length > 150 ? `${text.slice(0, 147)}...` : text;
}
