import type { ShownEvent } from '../../support/api-client.ts';
import { onlyMachine, type Rig } from './rig.ts';

/** A place in a run where the service is killed: the n-th time that something is told or done. */
export type Position = {
  /** `feed`: told by the run's live feed. `book`: written down by the machine itself, which the service need not know yet. */
  readonly source: 'feed' | 'book';
  readonly what: string;
  readonly times: number;
};

export const textOf = ({ source, what, times }: Position): string => `${source}: ${what} #${times}`;

/** Where the machine's book and its timeline stand before a run. */
export type Mark = {
  readonly verbs: number;
  readonly passphrases: number;
  readonly rebuilds: number;
  readonly phases: number;
};

export function markOf(rig: Rig): Mark {
  const { machine, bmc } = onlyMachine(rig);
  return {
    verbs: bmc.powerLog.length,
    passphrases: machine.passphrases.length,
    rebuilds: machine.rebuilds.length,
    phases: machine.history.length,
  };
}

/** What the machine itself did and received since then. */
export function bookSince(rig: Rig, mark: Mark) {
  const { machine, bmc } = onlyMachine(rig);
  return {
    verbs: bmc.powerLog.slice(mark.verbs).map(({ action }) => action),
    passphrases: machine.passphrases.slice(mark.passphrases),
    rebuilds: machine.rebuilds.slice(mark.rebuilds),
    phases: machine.history.slice(mark.phases),
  };
}

/** The book as one list of things that happened. */
export function happeningsSince(rig: Rig, mark: Mark): string[] {
  const { verbs, passphrases, rebuilds, phases } = bookSince(rig, mark);
  return [
    ...verbs.map((verb) => `verb ${verb}`),
    ...passphrases.map(({ disk }) => `passphrase of ${disk}`),
    ...rebuilds.map(({ action }) => `rebuild ${action}`),
    ...phases.map(({ phase }) => `phase ${phase}`),
  ];
}

/**
 * What an event is called as a position; undefined for what differs from run to run (looks, waits, counted repeats), and for
 * `step.done`, which is written and told together with what follows from it.
 */
export function happeningOf({ type, step, data }: ShownEvent): string | undefined {
  if (['step.observed', 'step.waited', 'step.troubled', 'step.done', 'run.succeeded'].includes(type)) return undefined;
  if (data.times !== undefined || (type === 'output.appended' && data.from !== 0)) return undefined;
  const detail = data.label ?? data.messageType ?? data.name ?? data.disk ?? '';
  return [type, step ?? '', String(detail)].filter((word) => word !== '').join(' ');
}

/** Every position of a run that nothing disturbed. */
export function positionsOf(events: readonly ShownEvent[], book: readonly string[]): Position[] {
  const told = events.map(happeningOf).filter((what) => what !== undefined);
  return [...numbered('feed', told), ...numbered('book', book)];
}

function numbered(source: Position['source'], happenings: readonly string[]): Position[] {
  const counts = new Map<string, number>();
  return happenings.map((what) => {
    const times = (counts.get(what) ?? 0) + 1;
    counts.set(what, times);
    return { source, what, times };
  });
}

/** Resolves at the position. @throws Error when the run ends without coming there */
export async function reached(rig: Rig, runId: string, mark: Mark, position: Position): Promise<void> {
  const stop = new AbortController();
  try {
    if (position.source === 'feed') await toldBy(rig, runId, position, stop.signal);
    else await writtenDown(rig, runId, mark, position);
  } finally {
    stop.abort();
  }
}

async function toldBy({ api }: Rig, runId: string, position: Position, signal: AbortSignal): Promise<void> {
  let count = 0;
  for await (const { id, data } of api.feed(runId, signal)) {
    if (!/^\d+$/.test(id)) continue;
    if (happeningOf(JSON.parse(data) as ShownEvent) === position.what) count++;
    if (count === position.times) return;
  }
  throw new Error(`the run ended before ${textOf(position)}`);
}

async function writtenDown(rig: Rig, runId: string, mark: Mark, { what, times }: Position): Promise<void> {
  const end = performance.now() + 30_000;
  while (happeningsSince(rig, mark).filter((happened) => happened === what).length < times) {
    if (performance.now() > end) {
      throw new Error(`no ${what} #${times} in the machine's book; the run is ${(await rig.api.run(runId)).state}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
