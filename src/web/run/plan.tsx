import type { RunBody, RunStepBody } from '../../api/schema/run.ts';
import type { StepTimes } from '../live/run-store.ts';
import { Took } from '../ui/times.tsx';
import { STEP_MEANINGS } from '../words/run.ts';
import { durationText } from '../words/time.ts';

type Props = { readonly run: RunBody; readonly times: StepTimes };

const STATE_WORDS: Readonly<Record<RunStepBody['state'], string>> = {
  pending: 'to come',
  active: 'going on',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** The plan as a track of steps, each with its state and how long it took. */
export function Plan({ run, times }: Props) {
  return (
    <section className="plan" aria-label="Plan">
      <ol>
        {run.steps.map((step) => (
          <li
            key={step.index}
            className={`plan-${step.state}`}
            aria-current={step.state === 'active' ? 'step' : undefined}
            title={`${STEP_MEANINGS[step.name]}. Its deadline is ${durationText(step.deadlineSeconds * 1000)}.`}
          >
            <span className="mark" aria-hidden="true" />
            <span className="step-name">{step.name}</span>
            <span className="step-time">
              <StepTime run={run} step={step} tookMs={times.get(step.index)} />
            </span>
            <span className="unseen">{STATE_WORDS[step.state]}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

type StepTimeProps = { readonly run: RunBody; readonly step: RunStepBody; readonly tookMs: number | undefined };

function StepTime({ run, step, tookMs }: StepTimeProps) {
  switch (step.state) {
    case 'pending':
      return null;
    case 'done':
      return tookMs === undefined ? null : durationText(tookMs);
    case 'active':
    case 'failed':
    case 'cancelled':
      return run.stepEnteredAt === null ? null : <Took from={run.stepEnteredAt} to={run.endedAt} />;
  }
}
