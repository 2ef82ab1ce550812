import type { EventBody } from '../../api/schema/event.ts';
import { createTimelineStore, type TimelineStore } from './timeline-store.ts';

/** How long each step took, milliseconds by plan index; of several rounds the last. */
export type StepTimes = ReadonlyMap<number, number>;

/** A run's events and what follows from them. */
export type RunStore = {
  readonly timeline: TimelineStore;
  /** As of the last event; a new map when it changed. */
  readonly times: () => StepTimes;
  /** Bytes of the build's output that are there, as told by the events. */
  readonly outputEnd: () => number;
  readonly take: (event: EventBody) => void;
};

export function createRunStore(): RunStore {
  const timeline = createTimelineStore();
  let times: StepTimes = new Map();
  let outputEnd = 0;
  let index: number | undefined;

  return {
    timeline,
    times: () => times,
    outputEnd: () => outputEnd,
    take(event) {
      // Kept beside the timeline, which forgets: the first step's time must outlive a long build's events.
      if (!timeline.add(event)) return;
      const { type, data } = event;
      if (type === 'step.entered' && typeof data.index === 'number') index = data.index;
      if (type === 'step.done' && typeof data.tookMs === 'number' && index !== undefined) {
        times = new Map(times).set(index, data.tookMs);
      }
      if (type === 'output.appended' && typeof data.to === 'number') outputEnd = Math.max(outputEnd, data.to);
    },
  };
}
