import type { EventBody } from '../api/schema/event.ts';
import type { RunBody } from '../api/schema/run.ts';
import { CliError, EXIT, type ExitCode } from './cli-error.ts';
import type { Context } from './context.ts';
import { describeEvent, formatSeconds } from './describe-event.ts';
import { followFeed } from './feed.ts';
import type { Color } from './terminal.ts';

/** Events that say what a line before or after them says better. */
const QUIET: readonly string[] = ['step.observed', 'output.appended'];

/**
 * Follows a run to its end, one line for each event; with `--json` one JSON line for each, and the run itself last.
 * @returns the exit code that tells how the run ended
 */
export async function watchRun(context: Context, runId: string): Promise<ExitCode> {
  const { environment, terminal } = context;
  let run: RunBody | undefined;
  let startedAt: number | undefined;
  let stage: string | null = null;
  const interrupted = environment.catchInterrupt();
  try {
    for await (const { id, event, data } of followFeed(
      context,
      `/runs/${encodeURIComponent(runId)}/feed`,
      interrupted,
    )) {
      if (event === 'run') run = data as RunBody;
      if (id === undefined || event === 'end') continue;
      const fact = data as EventBody;
      startedAt ??= Date.parse(fact.at);
      if (terminal.json) terminal.value(fact);
      else if (!QUIET.includes(fact.type)) {
        const line = describeEvent({ ...fact, stage: fact.stage === stage ? null : fact.stage });
        terminal.line(`${formatSeconds(Date.parse(fact.at) - startedAt).padStart(9)}  ${line}`, colorOf(fact.type));
      }
      stage = fact.stage ?? stage;
    }
  } catch (error) {
    if (!interrupted.aborted) throw error;
    throw new CliError(EXIT.interrupted, `stopped watching; run ${runId} goes on`, [
      `watch again: bootwright runs watch ${runId}`,
      `cancel it:   bootwright runs cancel ${runId}`,
    ]);
  }
  if (run === undefined) throw new CliError(EXIT.unreachable, `the feed of run ${runId} ended without a word about it`);
  return conclude(context, run);
}

/** Says how the run ended, and what to do when it ended badly. */
function conclude({ terminal }: Context, run: RunBody): ExitCode {
  const took =
    run.endedAt === null ? '' : ` after ${formatSeconds(Date.parse(run.endedAt) - Date.parse(run.createdAt))}`;
  if (terminal.json) terminal.value(run);
  else
    terminal.line(
      `${run.kind} of ${run.machine ?? run.machineId}: ${run.state}${took}`,
      run.state === 'succeeded' ? 'green' : 'red',
    );
  if (run.state === 'succeeded') return EXIT.ok;
  if (run.state === 'cancelled') return EXIT.cancelled;
  if (!terminal.json && run.error !== null) {
    const { code, message, step, lastSeen, hint } = run.error;
    terminal.remark(`${step === null ? '' : `${step}: `}${message} (${code})`);
    if (lastSeen !== null) terminal.remark(`last seen: ${lastSeen}`);
    if (hint !== null) terminal.remark(hint);
  }
  return EXIT.failed;
}

function colorOf(type: string): Color | undefined {
  if (type.endsWith('.failed')) return 'red';
  if (type === 'step.troubled' || type === 'run.rewound' || type === 'boot.diagnosed' || type.endsWith('.refused'))
    return 'yellow';
  if (type === 'step.waited') return 'dim';
  return type.endsWith('.succeeded') || type === 'step.done' ? 'green' : undefined;
}
