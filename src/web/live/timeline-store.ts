import type { EventBody } from '../../api/schema/event.ts';
import { createBatch } from './batch.ts';

/** Events kept in the page; older ones are dropped and can be asked for again. */
const MOST_EVENTS = 5000;

export type TimelineView = {
  /** Oldest first, each number once. */
  readonly events: readonly EventBody[];
  /** Whether events before the first one were dropped here. */
  readonly cut: boolean;
};

/** Events in the order of their numbers, however often and in which pieces they come. */
export type TimelineStore = {
  readonly view: () => TimelineView;
  readonly onChange: (hear: () => void) => () => void;
  /** @returns whether it is new */
  readonly add: (event: EventBody) => boolean;
  /** A page right before the first event. */
  readonly addEarlier: (page: readonly EventBody[]) => void;
};

export function createTimelineStore(): TimelineStore {
  let view: TimelineView = { events: [], cut: false };
  let fresh: EventBody[] = [];
  let lastSeq = 0;
  const listeners = new Set<() => void>();

  const flush = createBatch(() => {
    if (fresh.length > 0) {
      const all = [...view.events, ...fresh];
      view = { events: all.slice(-MOST_EVENTS), cut: view.cut || all.length > MOST_EVENTS };
      fresh = [];
    }
    for (const hear of listeners) hear();
  });

  return {
    view: () => view,
    onChange(hear) {
      listeners.add(hear);
      return () => listeners.delete(hear);
    },
    add(event) {
      // After a lost connection the feed goes on from the last number; what is known already is not shown again.
      if (event.seq <= lastSeq) return false;
      lastSeq = event.seq;
      fresh.push(event);
      flush();
      return true;
    },
    addEarlier(page) {
      const first = view.events[0]?.seq ?? Number.POSITIVE_INFINITY;
      view = { ...view, events: [...page.filter((event) => event.seq < first), ...view.events] };
      flush();
    },
  };
}
