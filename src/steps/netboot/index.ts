import type { TimelineEvent } from '../../domain/event.ts';
import type { Hosts } from '../../domain/ports/hosts.ts';
import type { BootAttempts } from '../../domain/ports/netboot.ts';
import type { Timeline } from '../../domain/ports/timeline.ts';
import type { Step, StepView } from '../../domain/step.ts';
import { armedAfterSeq, armedWants } from '../arm-netboot.ts';
import { hostFact } from '../sighted.ts';
import { decideNetboot, type NetbootAction } from './decide.ts';
import { lastSeenOf, type NetbootFacts, progressOf } from './facts.ts';

export type NetbootDeps = {
  readonly hosts: Hosts;
  readonly attempts: BootAttempts;
  readonly timeline: Timeline;
};

/** Stage 0: the machine fetches loader, script, kernel and initrds. */
export function createNetbootStep({ hosts, attempts, timeline }: NetbootDeps): Step<NetbootFacts, NetbootAction> {
  return {
    name: 'netboot',
    async observe(view, signal) {
      const afterSeq = armedAfterSeq(view) ?? view.enteredSeq;
      const [host, events, attempt] = await Promise.all([
        hosts.sight(view.machine, signal),
        timeline.read(view.machine.id, { afterSeq, limit: 2000 }),
        attempts.current(view.machine.id),
      ]);
      const armed = attempt?.runId === view.run.id && attempt.round === view.round;
      const { boot, initrds: wanted } = armedWants(view);
      return {
        host: hostFact(host),
        armed,
        boot,
        wanted,
        ...progressOf(events.filter((event) => isOfRound(event, view))),
      };
    },
    decide: decideNetboot,
    async act(view) {
      await attempts.disarm(view.machine.id, view.run.id, 'the netbooted system proved itself');
      return null;
    },
    stage(facts) {
      if (facts.host.kind === 'stage-1') return '1';
      if (facts.host.kind === 'stage-3') return '3';
      return facts.asked ? '0' : undefined;
    },
    lastSeen: lastSeenOf,
    // The override belongs to the step that has set it: power-on or reboot.
    cleanUp: (view) => attempts.disarm(view.machine.id, view.run.id, 'the run ended'),
  };
}

/** A repeat that is written late belongs to the attempt it was seen in, not to the one that is armed by then. */
function isOfRound(event: TimelineEvent, view: StepView): boolean {
  const { attempt } = event.data;
  return (
    (event.runId === undefined || event.runId === view.run.id) && (attempt === undefined || attempt === view.round)
  );
}
